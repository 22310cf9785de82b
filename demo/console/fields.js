// What a form needs to know of a message, from its descriptor. It touches neither the page nor the network.

/** Deeper messages, and those within themselves, are written as JSON. */
const MAX_DEPTH = 3;

/** The numbers of protobuf's scalar types that JSON writes as numbers. 64-bit integers are text there. */
const NUMBERS = new Set([1, 2, 5, 7, 13, 15, 17]);
const BOOL = 8;

/**
 * The fields of a message: for each its JSON name, its type in words, and how it is edited: "text", "number", "bool", "enum" (with its
 * values), "message" (with its own fields) or "json".
 */
export function fieldsOf(message, depth = 0) {
  return message.fields.map((field) => ({
    name: field.jsonName,
    type: typeOf(field),
    oneof: field.oneof?.name,
    ...editorOf(field, depth),
  }));
}

function editorOf(field, depth) {
  switch (field.fieldKind) {
    case "scalar":
      if (field.scalar === BOOL) return { edit: "bool" };
      return { edit: NUMBERS.has(field.scalar) ? "number" : "text" };
    case "enum":
      return { edit: "enum", values: field.enum.values.map(({ name }) => name) };
    case "message":
      // Those of protobuf's own have a JSON of their own, such as "3s" for a Duration.
      if (field.message.typeName.startsWith("google.protobuf.") || depth >= MAX_DEPTH) return { edit: "json" };
      return { edit: "message", fields: fieldsOf(field.message, depth + 1) };
    default:
      return { edit: "json" }; // lists and maps
  }
}

const SCALARS = {
  1: "double",
  2: "float",
  3: "int64",
  4: "uint64",
  5: "int32",
  6: "fixed64",
  7: "fixed32",
  8: "bool",
  9: "string",
  12: "bytes, as base64",
  13: "uint32",
  15: "sfixed32",
  16: "sfixed64",
  17: "sint32",
  18: "sint64",
};

/** The type of a field in words, such as "repeated string". */
export function typeOf(field) {
  switch (field.fieldKind) {
    case "scalar":
      return SCALARS[field.scalar];
    case "enum":
      return field.enum.typeName;
    case "message":
      return field.message.typeName;
    case "list":
      return `repeated ${field.listKind === "scalar" ? SCALARS[field.scalar] : field.listKind === "enum" ? field.enum.typeName : field.message.typeName}`;
    default:
      return `map of ${SCALARS[field.mapKey]} to ${field.mapKind === "scalar" ? SCALARS[field.scalar] : field.mapKind === "enum" ? field.enum.typeName : field.message.typeName}`;
  }
}

/** The value that a field's editor stands for, or undefined for none. Throws an Error if its text is none. */
export function jsonOf({ edit, name }, text) {
  if (text === "") return undefined;
  switch (edit) {
    case "number":
      if (/^-?(NaN|Infinity)$/.test(text)) return text;
      if (!Number.isFinite(Number(text))) throw new Error(`${name}: ${JSON.stringify(text)} is not a number`);
      return Number(text);
    case "bool":
      return text === "true";
    case "json":
      try {
        return JSON.parse(text);
      } catch (error) {
        throw new Error(`${name}: ${error.message}`);
      }
    default:
      return text;
  }
}

/** The text in the editor of a field that has this value. */
export function textOf({ edit }, value) {
  if (value === undefined || value === null) return "";
  return edit === "json" ? JSON.stringify(value) : String(value);
}

/** What a method takes and gives: "SayHello(helloworld.HelloRequest) returns (stream helloworld.HelloReply)". */
export function signatureOf({ name, methodKind, input, output }) {
  const takes = methodKind === "client_streaming" || methodKind === "bidi_streaming" ? "stream " : "";
  const gives = methodKind === "server_streaming" || methodKind === "bidi_streaming" ? "stream " : "";
  return `${name}(${takes}${input.typeName}) returns (${gives}${output.typeName})`;
}
