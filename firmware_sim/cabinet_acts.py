"""What a person at the panel does at the swap cabinet."""

from firmware_sim import panel_acts as acts
from firmware_sim import panel_models as models
from firmware_sim.people import PersonId
from firmware_sim.rider import RIDE_SOC
from firmware_sim.station import Station


def act_on_cabinet(station: Station, act: acts.CabinetAct) -> models.ActDone:
    """Raises ActError without a cabinet, WorldError for what cannot be done there as it is."""
    room, now_ms = station.swap_cabinet(), station.catch_up()
    cabinet = room.cabinet
    match act:
        case acts.SlotPut():
            cabinet.put_in(act.slot, PersonId(act.person), now_ms, act.serial)
        case acts.SlotTake():
            cabinet.take_out(act.slot, PersonId(act.person), now_ms)
        case acts.SlotShut():
            cabinet.close_door(act.slot, now_ms)
        case acts.SlotForce():
            cabinet.force_door(act.slot, now_ms)
        case acts.SlotSmoke():
            cabinet.set_slot_smoke(act.slot, act.there, now_ms)
        case acts.SlotBurn():
            cabinet.set_runaway(act.slot, now_ms)
        case acts.SlotRenew():
            cabinet.renew_extinguisher(act.slot, now_ms)
        case acts.CabinetPoint():
            cabinet.set_point(act.point, act.active, now_ms)
        case acts.Bring():
            bring = room.bring_brick if act.what == "brick" else room.bring_foreign
            bring(PersonId(act.person), now_ms)
        case acts.Ride():
            cabinet.carried.ride(PersonId(act.person), RIDE_SOC)
    return models.ActDone()
