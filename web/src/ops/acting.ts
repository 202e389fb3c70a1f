/** Asking the cloud to do something: once however often it is sent, and with the operator's name. */
import { ref, watch, type Ref } from "vue";
import { knownText, t } from "@/shared/i18n";
import type { StationDetail } from "./api";

const TIMEOUT_MS = 15_000;
const STORED = "yizhan.operator";

/** Who sits here: asked for once and remembered. There are no accounts yet; the cloud takes it as given and writes it down. */
export const operator: Ref<string> = ref(stored());
watch(operator, (name) => {
  try {
    localStorage.setItem(STORED, name);
  } catch {
    // Storage may be forbidden: then the name lasts as long as the page.
  }
});

/** What was asked for is not done; the message says why, in the page's language. */
export class NotDone extends Error {}

/** A request's own name, by which the cloud knows a repeated one. `randomUUID` is missing where the page came by plain HTTP. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export interface Wish {
  method: "POST" | "PUT";
  /** Below the station's address. */
  path: string;
  body: Record<string, unknown>;
}

/** What the cloud answers. Raises `NotDone`. The same key may be sent again after a lost answer: the cloud does it once. */
export async function ask(station: StationDetail, wish: Wish, key: string): Promise<unknown> {
  const response = await send(`/api/v1/stations/${encodeURIComponent(station.id)}/${wish.path}`, wish, key);
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer;
  throw new NotDone(explained(response.status, answer));
}

async function send(url: string, wish: Wish, key: string): Promise<Response> {
  try {
    return await fetch(url, {
      method: wish.method,
      headers: { "Content-Type": "application/json", "Idempotency-Key": key },
      body: JSON.stringify({ ...wish.body, by: operator.value }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new NotDone(t("ask.unreachable"));
  }
}

function explained(status: number, answer: unknown): string {
  const { code, why, detail } = (answer ?? {}) as { code?: unknown; why?: unknown; detail?: unknown };
  if (typeof code === "string") return knownText(`refusal.${code}`) ?? String(why ?? code);
  return t("ask.refused", { status, why: typeof detail === "string" ? detail : "" });
}

function stored(): string {
  try {
    return localStorage.getItem(STORED) ?? "";
  } catch {
    return "";
  }
}
