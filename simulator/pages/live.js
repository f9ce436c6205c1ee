/* Follows a live stream of the simulator, whatever happens to the connection.

   Event streams pass every gateway, but a browser allows only six of them to one server; a page
   that stands beside others asks for WebSockets, and gets event streams where those do not pass. */

const RECONNECT_MILLISECONDS = 1000;

/** Calls `tell` with each document and `state` with true or false as the connection comes and goes.
    `path` is a function, so that a new connection can ask for what came after the last document. */
export function follow({ path, tell, state = () => {}, prefersSocket = false }) {
  if (prefersSocket) followBySocket(path, tell, state);
  else followByEvents(path, tell, state);
}

function followBySocket(path, tell, state) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}${path()}`);
  let wasOpen = false;
  socket.onopen = () => { wasOpen = true; state(true); };
  socket.onmessage = (event) => tell(JSON.parse(event.data));
  socket.onclose = async () => {
    const isRefused = !wasOpen && await isThere(); // it answers, so sockets are the trouble
    if (isRefused) {
      followByEvents(path, tell, state);
      return;
    }
    state(false);
    setTimeout(() => followBySocket(path, tell, state), RECONNECT_MILLISECONDS);
  };
}

function followByEvents(path, tell, state) {
  const events = new EventSource(path());
  events.onopen = () => state(true);
  events.onmessage = (event) => tell(JSON.parse(event.data));
  events.onerror = () => {
    events.close(); // its own way of reconnecting would ask for the old path
    state(false);
    setTimeout(() => followByEvents(path, tell, state), RECONNECT_MILLISECONDS);
  };
}

async function isThere() {
  try {
    return (await fetch("/_simulator/health")).ok;
  } catch {
    return false;
  }
}
