// When the calls of a run are sent: how many at a time, and at which instants.

/** Each by the name that settings.calls.order has for it; `send(call)` sends one call and answers when it has ended. */
export const schedules = { together, sequence, paced };

function together(calls, send) {
  return Promise.all(calls.map(send));
}

async function sequence(calls, send, { signal }) {
  for (const call of calls) {
    if (signal.aborted) skip(call);
    else await send(call);
  }
}

/** Sends each call at its own instant, whatever became of the earlier ones: real callers do not wait for each other either. */
function paced(calls, send, { signal, gapMs }) {
  const begin = performance.now();
  const sent = [];
  return new Promise((resolve, reject) => {
    const next = () => {
      // If the page is late, it catches up a few calls at a time, so that one delay does not cause the next.
      const most = sent.length + 4;
      while (sent.length < Math.min(calls.length, most) && (signal.aborted || performance.now() >= begin + sent.length * gapMs)) {
        const call = calls[sent.length];
        sent.push(signal.aborted ? skip(call) : send(call));
      }
      if (sent.length < calls.length) setTimeout(next, Math.max(0, begin + sent.length * gapMs - performance.now()));
      else Promise.all(sent).then(resolve, reject);
    };
    next();
  });
}

function skip(call) {
  call.skipped = true;
  call.version++;
}

/** Calls `act` for each item of a list, twelve at a time. */
export async function forEachLimited(list, act) {
  const left = list.values();
  const work = async () => {
    for (const item of left) await act(item);
  };
  await Promise.all(Array.from({ length: 12 }, work));
}
