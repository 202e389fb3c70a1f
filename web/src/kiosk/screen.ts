/** What the station tells its screen, and the few things that the screen can tell the station. */
import { ref, shallowRef, type Ref, type ShallowRef } from "vue";
import type { components } from "@/generated/kiosk";
import { SseConnection, type Link } from "@/shared/sse";

export type ScreenView = components["schemas"]["ScreenView"];
export type Notice = NonNullable<ScreenView["notice"]>;
export type Emergency = NonNullable<ScreenView["emergency"]>;
export type CabinetShown = NonNullable<ScreenView["cabinet"]>;
export type SwapStep = NonNullable<CabinetShown["step"]>;
export type SwapWords = NonNullable<CabinetShown["words"]>;
export type SwapKind = SwapStep["kind"];

const ANSWER_TIMEOUT_MS = 5_000;

export type Answer = "none" | "sending" | "sent" | "failed";

export interface Screen {
  view: ShallowRef<ScreenView | null>;
  link: ShallowRef<Link>;
  /** What became of the button "I am all right". */
  answer: Ref<Answer>;
  allRight(): Promise<void>;
  /** Whether the last thing pressed of a swap has not arrived. */
  swapFailed: Ref<boolean>;
  chooseSwap(kind: SwapKind): Promise<void>;
  cancelSwap(): Promise<void>;
}

export function useScreen(): Screen {
  const view = shallowRef<ScreenView | null>(null);
  const link = shallowRef<Link>({ state: "connecting", lastHeardMs: null });
  const answer = ref<Answer>("none");
  const swapFailed = ref(false);
  const connection = new SseConnection("/api/screen", {
    message: ({ data }) => {
      const next = JSON.parse(data) as ScreenView;
      if (!next.welfare_asked) answer.value = "none";
      view.value = next;
      return true;
    },
    link: (now) => (link.value = now),
  });
  void connection.run();
  return {
    view,
    link,
    answer,
    async allRight() {
      answer.value = "sending";
      answer.value = (await send("all-right")) ? "sent" : "failed";
    },
    swapFailed,
    async chooseSwap(kind) {
      swapFailed.value = !(await send("swap", { kind }));
    },
    async cancelSwap() {
      swapFailed.value = !(await send("swap/cancel"));
    },
  };
}

async function send(what: string, body?: object): Promise<boolean> {
  try {
    const response = await fetch(`/api/screen/${what}`, {
      method: "POST",
      headers: { "X-Yizhan-Screen": "1", ...(body ? { "Content-Type": "application/json" } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    return response.ok;
  } catch {
    return false;
  }
}
