import type { Channel } from "hedgerow";
import { useEffect, useState } from "react";
import { connect } from "./greeter";

/** Returns a channel that is closed when the component unmounts. Strict mode runs the effect twice, but the WebAssembly is loaded once. */
export function useChannel(baseUrl: string): { channel?: Channel; error?: unknown } {
  const [state, setState] = useState<{ channel?: Channel; error?: unknown }>({});

  useEffect(() => {
    let unmounted = false;
    const opening = connect(baseUrl);
    opening.then(
      (channel) => (unmounted ? channel.close() : setState({ channel })),
      (error) => unmounted || setState({ error }),
    );
    return () => {
      unmounted = true;
      opening.then(
        (channel) => channel.close(),
        () => {},
      );
      setState({});
    };
  }, [baseUrl]);

  return state;
}
