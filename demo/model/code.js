// The settings as a program: what somebody would write to make these calls with this policy. Pure.

/** [language, text] of each. `config` is the service config as JSON text. */
export function programsOf({ config, channel, calls }, baseUrl) {
  return [
    ["TypeScript", typeScript(config, channel, calls, baseUrl)],
    ["Go", go(config, channel, calls, baseUrl)],
    ["Service config (JSON)", config],
  ];
}

const tsOptions = ["jitter", "headerCommit", "attemptHeader"];
const numbers = ["maxRetryAttempts", "maxRetryBufferSize", "maxRetryBufferPerCallSize"];
const usual = { jitter: "full", headerCommit: "strict", attemptHeader: "auto" };

function typeScript(config, channel, { kind }, baseUrl) {
  const options = [
    `baseUrl: ${JSON.stringify(baseUrl)},`,
    `serviceConfig: ${indented(config, "  ")},`,
    ...tsOptions.filter((name) => channel[name] !== usual[name]).map((name) => `${name}: ${JSON.stringify(channel[name])},`),
    ...numbers.filter((name) => channel[name].trim()).map((name) => `${name}: ${channel[name].trim()},`),
    kind === "bidi" && "webSocket: true,",
  ].filter(Boolean);
  const uses = {
    unary: `const { message, attempts } = await channel.unary("/hedgerow.chaos.v1.Chaos/Do", request);`,
    stream: `for await (const message of channel.serverStreaming("/hedgerow.chaos.v1.Chaos/Stream", request)) show(message);`,
    bidi: `for await (const message of channel.bidiStreaming("/hedgerow.chaos.v1.Chaos/Converse", requests)) show(message);`,
  };
  return [
    `import { createChannel } from "hedgerow";`,
    "",
    "const channel = await createChannel({",
    ...options.map((line) => `  ${line}`),
    "});",
    uses[kind],
    "",
  ].join("\n");
}

const goOptions = {
  jitter: { plusMinus20: "grpcweb.WithJitter(grpcweb.PlusMinus20)" },
  headerCommit: { firstFrame: "grpcweb.WithHeaderCommit(grpcweb.FirstFrameHeaderCommit)" },
  attemptHeader: {
    always: "grpcweb.WithAttemptHeader(grpcweb.AttemptHeaderAlways)",
    never: "grpcweb.WithAttemptHeader(grpcweb.AttemptHeaderNever)",
  },
};
const goNumbers = {
  maxRetryAttempts: "WithMaxRetryAttempts",
  maxRetryBufferSize: "WithMaxRetryBufferSize",
  maxRetryBufferPerCallSize: "WithMaxRetryBufferPerCallSize",
};

function go(config, channel, { kind }, baseUrl) {
  const options = [
    "grpcweb.WithServiceConfigJSON(serviceConfig)",
    ...Object.entries(goOptions).map(([name, texts]) => texts[channel[name]]),
    ...Object.entries(goNumbers).map(([name, option]) => channel[name].trim() && `grpcweb.${option}(${channel[name].trim()})`),
  ].filter(Boolean);
  const uses = {
    unary: "reply, err := client.Do(ctx, request)",
    stream: "stream, err := client.Stream(ctx, request)",
    bidi: "stream, err := client.Converse(ctx)",
  };
  return [
    `const serviceConfig = \`${config}\``,
    "",
    `ch, err := grpcweb.NewChannel(jsbridge.${kind === "bidi" ? "WebSocket" : "Fetch"}(), ${JSON.stringify(baseUrl)},`,
    ...options.map((line) => `\t${line},`),
    ")",
    "if err != nil {",
    "\treturn err // a ConfigError names every problem",
    "}",
    "defer ch.Close()",
    "client := chaosv1.NewChaosClient(grpcconn.New(ch))",
    uses[kind],
    "",
  ].join("\n");
}

function indented(text, by) {
  return text.trim().replaceAll("\n", `\n${by}`);
}
