// The settings as a program: what a developer would write to make such calls with this policy. Pure.

/** [language, text] of each program. `config` is the service config as JSON text. */
export function programsOf({ config, channel, calls }, baseUrl) {
  return [
    ["TypeScript", typeScript(config, channel, calls, baseUrl)],
    ["Go", go(config, channel, calls, baseUrl)],
    ["Service config (JSON)", config],
  ];
}

/** The config and the calls name a service that no reader has. */
const testService = "// Chaos is the test service of this page: name yours here and above.";

const tsOptions = ["jitter", "headerCommit", "attemptHeader"];
const numbers = ["maxRetryAttempts", "maxRetryBufferSize", "maxRetryBufferPerCallSize"];
const usual = { jitter: "full", headerCommit: "strict", attemptHeader: "auto" };

function typeScript(config, channel, { kind }, baseUrl) {
  const options = [
    `baseUrl: ${JSON.stringify(baseUrl)},`,
    `serviceConfig: ${indented(config, "  ")},`,
    ...tsOptions.filter((name) => channel[name] !== usual[name]).map((name) => `${name}: ${JSON.stringify(channel[name])},`),
    ...numbers.filter((name) => channel[name].trim()).map((name) => `${name}: ${channel[name].trim()},`),
    channel.credentialsRefresh === "on" && "credentialsRefresh: { refresh: () => session.refresh() },",
    kind === "bidi" && "webSocket: true,",
  ].filter(Boolean);
  const uses = {
    unary: ["Do", "const { message, attempts } = await channel.unary(method, request);"],
    stream: ["Stream", "for await (const message of channel.serverStreaming(method, request)) show(message);"],
    subscription: [
      "Stream",
      "for await (const message of channel.resumableStreaming(method, { request: requestAfter, cursor: idOf })) show(message);",
    ],
    bidi: ["Converse", "for await (const message of channel.bidiStreaming(method, requests)) show(message);"],
  };
  const [method, use] = uses[kind];
  return [
    `import { createChannel } from "hedgerow";`,
    "",
    "const channel = await createChannel({",
    ...options.map((line) => `  ${line}`),
    "});",
    "",
    testService,
    `const method = "/hedgerow.chaos.v1.Chaos/${method}";`,
    use,
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
  credentialsRefresh: { on: "grpcweb.WithCredentialsRefresh(session.Refresh)" },
};
const goNumbers = {
  maxRetryAttempts: "WithMaxRetryAttempts",
  maxRetryBufferSize: "WithMaxRetryBufferSize",
  maxRetryBufferPerCallSize: "WithMaxRetryBufferPerCallSize",
};

function go(config, channel, { kind }, baseUrl) {
  const [first, ...more] = [baseUrl].flat();
  const options = [
    more.length > 0 && `grpcweb.WithEndpoints(${more.map((url) => JSON.stringify(url)).join(", ")})`,
    "grpcweb.WithServiceConfigJSON(serviceConfig)",
    ...Object.entries(goOptions).map(([name, texts]) => texts[channel[name]]),
    ...Object.entries(goNumbers).map(([name, option]) => channel[name].trim() && `grpcweb.${option}(${channel[name].trim()})`),
  ].filter(Boolean);
  const uses = {
    unary: "reply, err := client.Do(ctx, request)",
    stream: "stream, err := client.Stream(ctx, request)",
    subscription: "for message, err := range grpcweb.Resume(ctx, ch, chaosv1.Chaos_Stream_FullMethodName, source) {",
    bidi: "stream, err := client.Converse(ctx)",
  };
  return [
    `const serviceConfig = \`${config}\``,
    "",
    `ch, err := grpcweb.NewChannel(jsbridge.${kind === "bidi" ? "WebSocket" : "Fetch"}(), ${JSON.stringify(first)},`,
    ...options.map((line) => `\t${line},`),
    ")",
    "if err != nil {",
    "\treturn err // a ConfigError names every problem",
    "}",
    "defer ch.Close()",
    "",
    testService,
    "client := chaosv1.NewChaosClient(grpcconn.New(ch))",
    uses[kind],
    "",
  ].join("\n");
}

function indented(text, by) {
  return text.trim().replaceAll("\n", `\n${by}`);
}
