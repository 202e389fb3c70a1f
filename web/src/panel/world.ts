/** The simulated station: its live picture and the acts that a person can do to it. */
import { ref, shallowRef, type Ref, type ShallowRef } from "vue";
import type { components } from "@/generated/panel";
import { t } from "@/shared/i18n";
import { SseConnection, type Link } from "@/shared/sse";

type Schemas = components["schemas"];

export type WorldView = Schemas["WorldView"];
export type ReaderView = Schemas["ReaderView"];
export type PersonView = Schemas["PersonView"];
export type BodyView = Schemas["BodyView"];
export type Doing = Schemas["Doing"];
export type AirName = Schemas["Air"]["what"];
export type FaultName = Schemas["FaultName"];
export type StoryName = Schemas["StoryName"];
export type Wire = Schemas["Wire"];
export type CabinetView = Schemas["CabinetView"];
export type SlotView = Schemas["SlotView"];
export type ThingView = Schemas["ThingView"];
export type CabinetPoint = Schemas["Point"];
export type Act =
  | { act: "present_card"; card_id: string; reader: string }
  | { act: "push_door"; force: boolean; from_inside: boolean }
  | { act: "let_go" }
  | { act: "hold_door"; on: boolean }
  | { act: "exit_button"; press_ms: number }
  | { act: "fire"; active: boolean }
  | { act: "network"; on: boolean }
  | { act: "power"; on: boolean }
  | { act: "fault"; name: FaultName; on: boolean; args: { reader?: string; wire?: Wire; sensor?: string; slot?: number; active?: boolean } }
  | { act: "story"; name: StoryName }
  | { act: "come" | "go"; person: string }
  | { act: "walk"; person: string; inward: boolean; turn: "first_beam" | "both_beams" | null }
  | { act: "do"; person: string; doing: Doing }
  | { act: "air"; what: AirName; value: number }
  | { act: "smoke" | "water"; there: boolean }
  | { act: "mains"; on: boolean }
  | { act: "battery"; low: boolean }
  | { act: "tamper"; what: "reader" | "enclosure"; open: boolean }
  | { act: "keys"; reader: string; keys: string }
  | { act: "show_code"; scanner: string; text: string }
  | { act: "slot_put"; slot: number; person: string; serial: string }
  | { act: "slot_take"; slot: number; person: string }
  | { act: "slot_shut" | "slot_force" | "slot_burn" | "slot_renew"; slot: number }
  | { act: "slot_smoke"; slot: number; there: boolean }
  | { act: "cabinet_point"; point: CabinetPoint; active: boolean }
  | { act: "bring"; person: string; what: "brick" | "foreign" }
  | { act: "ride"; person: string };

const ACT_TIMEOUT_MS = 70_000;

export interface World {
  view: ShallowRef<WorldView | null>;
  link: ShallowRef<Link>;
  /** What came of the last act, when that needs saying. */
  remark: Ref<string>;
  act(act: Act): Promise<void>;
}

export function useWorld(): World {
  const view = shallowRef<WorldView | null>(null);
  const link = shallowRef<Link>({ state: "connecting", lastHeardMs: null });
  const remark = ref("");
  const connection = new SseConnection("/api/world/live", {
    message: ({ data }) => {
      view.value = JSON.parse(data) as WorldView;
      return true;
    },
    link: (now) => (link.value = now),
  });
  void connection.run();
  return {
    view,
    link,
    remark,
    async act(act) {
      remark.value = "";
      remark.value = await perform(act);
    },
  };
}

async function perform(act: Act): Promise<string> {
  let response: Response;
  try {
    response = await fetch("/api/act", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(act),
      signal: AbortSignal.timeout(ACT_TIMEOUT_MS),
    });
  } catch {
    return t("act.failed", { why: t("act.unreachable") });
  }
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) return t("act.failed", { why: complaint(answer) ?? String(response.status) });
  const done = answer as Schemas["ActDone"];
  if (done.opened === false) return t("act.stayed_shut");
  return done.warning ?? "";
}

/** FastAPI says why either as a sentence or as a list of what is wrong with each field. */
function complaint(answer: unknown): string | null {
  const detail = (answer as { detail?: unknown } | null)?.detail;
  if (typeof detail === "string") return detail;
  if (Array.isArray(detail)) return detail.map((item: { msg?: string }) => item.msg ?? "").join("; ");
  return null;
}
