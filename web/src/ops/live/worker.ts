/** The SharedWorker's entry: one hub for all tabs. */
import { LiveHub } from "./hub";

const hub = new LiveHub();
hub.start();
addEventListener("connect", (event) => {
  const port = (event as MessageEvent).ports[0];
  if (port) hub.attach(port);
});
