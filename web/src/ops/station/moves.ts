/** What a swap has moved, in words. */
import { t } from "@/shared/i18n";

export function moves(batteryIn: unknown, batteryOut: unknown): string {
  const values = { battery_in: String(batteryIn ?? ""), battery_out: String(batteryOut ?? "") };
  if (batteryIn != null && batteryOut != null) return t("cabinet.moved.both", values);
  if (batteryIn != null) return t("cabinet.moved.in", values);
  return t(batteryOut != null ? "cabinet.moved.out" : "cabinet.moved.none", values);
}
