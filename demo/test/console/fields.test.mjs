// What a form needs to know of a message.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fieldsOf, jsonOf, signatureOf, textOf, typeOf } from "../../console/fields.js";

const require = createRequire(new URL("../../../wasm/npm/package.json", import.meta.url));
const { file_google_protobuf_descriptor: file } = await import(require.resolve("@bufbuild/protobuf/wkt"));
const message = (name) => file.messages.find((one) => one.name === name);

test("each field has its name in JSON, its type and how it is edited", () => {
  const [name, number, label, type, typeName] = ["name", "number", "label", "type", "typeName"].map((one) =>
    fieldsOf(message("FieldDescriptorProto")).find((field) => field.name === one),
  );
  assert.deepEqual(name, { name: "name", type: "string", oneof: undefined, edit: "text" });
  assert.deepEqual(number, { name: "number", type: "int32", oneof: undefined, edit: "number" });
  assert.deepEqual(label.values, ["LABEL_OPTIONAL", "LABEL_REPEATED", "LABEL_REQUIRED"]);
  assert.equal(type.type, "google.protobuf.FieldDescriptorProto.Type");
  assert.equal(typeName.name, "typeName");
});

test("lists, and messages of protobuf's own, are written as JSON", () => {
  const fields = message("DescriptorProto").fields;
  assert.equal(typeOf(fields.find(({ name }) => name === "field")), "repeated google.protobuf.FieldDescriptorProto");
  assert.equal(typeOf(fields.find(({ name }) => name === "reserved_name")), "repeated string");
  const edits = fieldsOf(message("DescriptorProto")).map(({ edit }) => edit);
  assert.ok(edits.includes("json") && !edits.includes("message"));
});

test("what is typed becomes JSON, and back", () => {
  const field = (edit) => ({ name: "f", edit });
  for (const [edit, text, value] of [
    ["text", "9007199254740993", "9007199254740993"],
    ["number", "-1.5", -1.5],
    ["number", "NaN", "NaN"],
    ["bool", "false", false],
    ["enum", "RED", "RED"],
    ["json", '["a"]', ["a"]],
  ]) {
    assert.deepEqual(jsonOf(field(edit), text), value);
    assert.equal(textOf(field(edit), value), text);
    assert.equal(jsonOf(field(edit), ""), undefined);
  }
  assert.throws(() => jsonOf(field("number"), "two"), /f: "two" is not a number/);
  assert.throws(() => jsonOf(field("json"), "["), /^Error: f: /);
});

test("a method's signature says what streams", () => {
  const [input, output] = [{ typeName: "a.In" }, { typeName: "a.Out" }];
  assert.equal(signatureOf({ name: "M", methodKind: "unary", input, output }), "M(a.In) returns (a.Out)");
  assert.equal(signatureOf({ name: "M", methodKind: "server_streaming", input, output }), "M(a.In) returns (stream a.Out)");
  assert.equal(signatureOf({ name: "M", methodKind: "client_streaming", input, output }), "M(stream a.In) returns (a.Out)");
  assert.equal(signatureOf({ name: "M", methodKind: "bidi_streaming", input, output }), "M(stream a.In) returns (stream a.Out)");
});
