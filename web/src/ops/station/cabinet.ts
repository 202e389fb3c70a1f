/** The swap cabinet in words and looks: what a slot is, what is tripped, how the day's swaps have ended. */
import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from "vue";
import type { SlotLook } from "@/shared/SlotDrawing.vue";
import { knownText, t } from "@/shared/i18n";
import { fetchCabinet, type Cabinet, type CabinetLedger, type SlotState, type StationDetail } from "../api";
import type { Live } from "../live/client";

/** How a slot is drawn: the same order of importance as on the station's own screen. */
export function slotLook(slot: SlotState): SlotLook {
  if (slot.trips.length > 0 || slot.asides.includes("quarantine")) return "danger";
  if (slot.asides.length > 0) return "out_of_service";
  if (slot.lost !== "" || slot.present === null) return "unknown";
  if (!slot.present) return "empty";
  if (slot.full) return "full";
  return slot.charging ? "charging" : "occupied";
}

export interface Tripped {
  /** Null: the whole cabinet. */
  slot: number | null;
  trips: string[];
}

/** What is latched, one entry for each slot: one burning battery trips several protections at once. */
export function trippedOf(cabinet: Cabinet): Tripped[] {
  const whole = cabinet.trips.length > 0 ? [{ slot: null, trips: cabinet.trips }] : [];
  const slots = cabinet.slots.filter((slot) => slot.trips.length > 0);
  return [...whole, ...slots.map(({ slot, trips }) => ({ slot, trips }))];
}

/** Words of a code of the cabinet; one that this page does not know yet is shown as it is. */
export function said(family: string, code: string, values: Record<string, string | number> = {}): string {
  return knownText(`${family}.${code}`, values) ?? code;
}

/** Who a member is: the name where the cloud knows it. */
export function person(station: StationDetail, member: string | null): string {
  return member === null ? t("event.somebody") : (station.cabinet_names[member] ?? member);
}

/** How today's swaps have ended, the most frequent first. */
export function outcomesToday(station: StationDetail): { outcome: string; count: number }[] {
  const counted = Object.entries(station.swaps_today).map(([outcome, count]) => ({ outcome, count }));
  return counted.sort((a, b) => b.count - a.count || a.outcome.localeCompare(b.outcome));
}

const LEDGER_KINDS = /^(swap\.ended|battery\.|claim\.)/;
/** A swap writes several records at once: the ledger is read once for them. */
const SETTLE_MS = 800;

/** The station's ledger, read again whenever something in it has changed. */
export function useLedger(live: Live, station: string): { ledger: ShallowRef<CabinetLedger | null>; failed: Ref<boolean> } {
  const ledger = shallowRef<CabinetLedger | null>(null);
  const failed = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let request = 0;

  async function load(): Promise<void> {
    const mine = ++request;
    try {
      const found = await fetchCabinet(station);
      if (mine !== request) return;
      ledger.value = found;
      failed.value = false;
    } catch (error) {
      if (mine !== request) return;
      console.error("loading the cabinet's ledger failed", error);
      failed.value = true;
    }
  }

  const stop = live.follow((change) => {
    if (change !== null && (change.event?.station !== station || !LEDGER_KINDS.test(change.event.kind))) return;
    clearTimeout(timer);
    timer = setTimeout(() => void load(), SETTLE_MS);
  });
  onScopeDispose(() => {
    stop();
    clearTimeout(timer);
    request++;
  });
  void load();
  return { ledger, failed };
}
