/** What the station tells its screen, and the one thing that the screen can tell the station. */
import { ref, shallowRef, type Ref, type ShallowRef } from "vue";
import type { components } from "@/generated/kiosk";
import { SseConnection, type Link } from "@/shared/sse";

export type ScreenView = components["schemas"]["ScreenView"];
export type Notice = NonNullable<ScreenView["notice"]>;
export type Emergency = NonNullable<ScreenView["emergency"]>;

const ANSWER_TIMEOUT_MS = 5_000;

export type Answer = "none" | "sending" | "sent" | "failed";

export interface Screen {
  view: ShallowRef<ScreenView | null>;
  link: ShallowRef<Link>;
  /** What became of the button "I am all right". */
  answer: Ref<Answer>;
  allRight(): Promise<void>;
}

export function useScreen(): Screen {
  const view = shallowRef<ScreenView | null>(null);
  const link = shallowRef<Link>({ state: "connecting", lastHeardMs: null });
  const answer = ref<Answer>("none");
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
      answer.value = (await send()) ? "sent" : "failed";
    },
  };
}

async function send(): Promise<boolean> {
  try {
    const response = await fetch("/api/screen/all-right", {
      method: "POST",
      headers: { "X-Yizhan-Screen": "1" },
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    return response.ok;
  } catch {
    return false;
  }
}
