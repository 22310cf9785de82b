// Calls any method of a server: asks it what it has, makes a form for the message, and shows the answer and every attempt.

import { createChannel, StatusError } from "../dist/hedgerow/index.js";
import "../dist/hedgerow/inspector.js";
import { reflect } from "../dist/dynamic.js";
import { signatureOf } from "./fields.js";
import { buildForm, make } from "./form.js";

const $ = (id) => document.getElementById(id);

const serviceConfig = {
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        maxAttempts: 4,
        initialBackoff: "0.1s",
        maxBackoff: "2s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
  ],
};

/** What is connected: the channel, the client of what its server has, and what ends both. */
let connected;
/** The form of the chosen method. */
let form;
/** Ends the running call. */
let abort;

$("server").value = location.origin;
$("config").value = JSON.stringify(serviceConfig, null, 2);

async function connect() {
  connected?.close();
  connected = undefined;
  $("call").hidden = true;
  $("open").disabled = true;
  $("connection").textContent = "Asking the server what it has …";
  let channel;
  try {
    channel = await createChannel({ baseUrl: $("server").value, serviceConfig: $("config").value, userTiming: true });
    const client = await reflect(channel, { timeoutMs: 10_000 });
    const detach = $("inspector").attach(channel);
    connected = {
      client,
      close() {
        abort?.abort();
        detach();
        channel.close();
      },
    };
    $("connection").textContent = `${client.services.length} services`;
    fill($("service"), client.services);
    $("service").value = client.services.find((name) => !name.startsWith("grpc.")) ?? client.services[0];
    chooseService();
    $("call").hidden = false;
  } catch (error) {
    channel?.close();
    $("connection").textContent = error.message;
  }
  $("open").disabled = false;
}

function fill(select, names) {
  select.replaceChildren(...names.map((name) => make("option", { value: name }, name)));
}

function chooseService() {
  const { methods } = connected.client.registry.getService($("service").value);
  fill(
    $("method"),
    methods.map(({ name }) => name),
  );
  chooseMethod();
}

function chosen() {
  return connected.client.method(`${$("service").value}/${$("method").value}`);
}

function chooseMethod() {
  const method = chosen();
  $("signature").textContent = signatureOf(method);
  form = buildForm($("fields"), method.input, formChanged);
  $("json").value = "{}";
  $("problem").textContent = "";
}

/** The form was edited: the JSON follows. An array of messages stays as it is, because the form shows only one. */
function formChanged() {
  try {
    $("json").value = JSON.stringify(form.read() ?? {}, null, 2);
    $("problem").textContent = "";
  } catch (error) {
    $("problem").textContent = error.message;
  }
}

/** The JSON was edited: the form follows, if it shows one message. */
function jsonChanged() {
  try {
    const value = JSON.parse($("json").value);
    form.write(Array.isArray(value) ? undefined : value);
    $("problem").textContent = "";
  } catch (error) {
    $("problem").textContent = error.message;
  }
}

/** [name, value] for each line of metadata. */
function metadataOf(text) {
  const lines = text.split("\n").filter((line) => line.trim());
  return lines.map((line) => {
    const [name, ...value] = line.split(":");
    return [name.trim(), value.join(":").trim()];
  });
}

async function call() {
  const method = chosen();
  abort?.abort();
  const running = new AbortController();
  abort = running;
  const { signal } = running;
  const timeout = Number($("timeout").value);
  const options = { signal, metadata: metadataOf($("metadata").value), ...(timeout > 0 && { timeoutMs: timeout }) };
  $("messages").replaceChildren();
  show("Calling …");
  $("cancel").disabled = false;
  let stream;
  try {
    stream = connected.client.stream(`${method.parent.typeName}/${method.name}`, JSON.parse($("json").value), options);
    for await (const message of stream) $("messages").append(make("li", {}, make("pre", {}, JSON.stringify(message, null, 2))));
    show(`OK${attempts(stream)}`);
  } catch (error) {
    const said = error instanceof StatusError ? String(error) : `Not called: ${error.message}`;
    show(`${said}${attempts(stream)}`, true);
  }
  if (abort === running) $("cancel").disabled = true;
}

function attempts(stream) {
  const n = stream?.attempts.length ?? 0;
  return n > 1 ? `, after ${n} attempts` : "";
}

function show(text, failed = false) {
  $("ending").textContent = text;
  $("ending").classList.toggle("failed", failed);
}

$("connect").addEventListener("submit", (event) => {
  event.preventDefault();
  connect();
});
$("call").addEventListener("submit", (event) => {
  event.preventDefault();
  call();
});
$("service").addEventListener("change", chooseService);
$("method").addEventListener("change", chooseMethod);
$("json").addEventListener("input", jsonChanged);
$("cancel").addEventListener("click", () => abort?.abort());

await connect();
document.documentElement.dataset.ready = "";
