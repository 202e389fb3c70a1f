"""What can happen to a station, one frozen dataclass each. The shell observes it and passes it to `station.step`.

Order at start: `Booted` is the first event of every run; what the shell has found out while starting follows
(`ConfigRefused`, `JournalReset`, …); then `LevelsRead` once the inputs have been read. Times named `mono_ms` are of
the monotonic clock of this boot.
"""

from contract.policy.model import BatteryFacts
from edge.core.events.cabinet import (
    AnomalyExplained,
    BatteryLookedUp,
    BatteryReading,
    CabinetChanged,
    CabinetPoint,
    CabinetPointRead,
    ChargerChecked,
    ContactorRead,
    PulseResult,
    ServiceAsked,
    SlotAsideAsked,
    SlotLost,
    SlotOpenAsked,
    SlotPulsed,
    SlotRead,
    SwapCancelled,
    SwapChosen,
    TripResetAsked,
)
from edge.core.events.effects import EffectDone, EffectRefused
from edge.core.events.inputs import (
    ContactChanged,
    ContactLost,
    ExitChanged,
    FireChanged,
    LevelsRead,
    Point,
    PointChanged,
)
from edge.core.events.parts import (
    ChildRestarting,
    ChildRunning,
    ClockChanged,
    ConfigRefused,
    GpioChanged,
    HealthMeasured,
    JournalForkDetected,
    JournalReset,
    LoadChecked,
    ReaderChanged,
    ReaderTampered,
    RecordsDropped,
    RosterChanged,
    RosterSwitched,
    StorageChanged,
    StorageStatus,
    UplinkChanged,
)
from edge.core.events.people import CardPresented, PinChecked, PinEntered, PinVerdict
from edge.core.events.run import Booted, StopRequested, Tick
from edge.core.events.sensors import EnvironmentMeasured, PowerMeasured, PresenceMeasured, SensorChanged
from edge.core.events.will import (
    AcknowledgeRequested,
    AlarmAside,
    AlarmSeen,
    CabinetWill,
    CommandInterrupted,
    CommandReceived,
    DesiredReceived,
    MessageRefused,
    ShelveRequested,
    WelfareAnswerGiven,
)

__all__ = [
    "AcknowledgeRequested",
    "AlarmAside",
    "AlarmSeen",
    "AnomalyExplained",
    "BatteryFacts",
    "BatteryLookedUp",
    "BatteryReading",
    "Booted",
    "CabinetChanged",
    "CabinetPoint",
    "CabinetPointRead",
    "CabinetWill",
    "CardPresented",
    "ChargerChecked",
    "ChildRestarting",
    "ChildRunning",
    "ClockChanged",
    "CommandInterrupted",
    "CommandReceived",
    "ConfigRefused",
    "ContactChanged",
    "ContactLost",
    "ContactorRead",
    "DesiredReceived",
    "EffectDone",
    "EffectRefused",
    "EnvironmentMeasured",
    "Event",
    "ExitChanged",
    "FireChanged",
    "GpioChanged",
    "HealthMeasured",
    "JournalForkDetected",
    "JournalReset",
    "LevelsRead",
    "LoadChecked",
    "MessageRefused",
    "PinChecked",
    "PinEntered",
    "PinVerdict",
    "Point",
    "PointChanged",
    "PowerMeasured",
    "PresenceMeasured",
    "PulseResult",
    "ReaderChanged",
    "ReaderTampered",
    "RecordsDropped",
    "RosterChanged",
    "RosterSwitched",
    "SensorChanged",
    "ServiceAsked",
    "ShelveRequested",
    "SlotAsideAsked",
    "SlotLost",
    "SlotOpenAsked",
    "SlotPulsed",
    "SlotRead",
    "StopRequested",
    "StorageChanged",
    "StorageStatus",
    "SwapCancelled",
    "SwapChosen",
    "Tick",
    "TripResetAsked",
    "UplinkChanged",
    "WelfareAnswerGiven",
]

Event = (
    Booted | Tick | StopRequested | CardPresented | PinEntered | PinChecked
    | PointChanged | PresenceMeasured | EnvironmentMeasured | PowerMeasured | SensorChanged
    | AcknowledgeRequested | ShelveRequested | WelfareAnswerGiven
    | ContactChanged | ContactLost | ExitChanged | FireChanged | LevelsRead
    | ReaderChanged | ReaderTampered | GpioChanged | LoadChecked | UplinkChanged
    | ChildRestarting | ChildRunning | ClockChanged | ConfigRefused | HealthMeasured
    | StorageChanged | RecordsDropped | JournalReset | JournalForkDetected
    | CabinetChanged | SlotRead | SlotLost | SlotPulsed | CabinetPointRead | ChargerChecked | ContactorRead
    | BatteryLookedUp | SwapChosen | SwapCancelled
    | ServiceAsked | SlotOpenAsked | SlotAsideAsked | TripResetAsked | AnomalyExplained
    | RosterSwitched | RosterChanged | DesiredReceived
    | CommandReceived | CommandInterrupted | MessageRefused | EffectDone | EffectRefused
)  # fmt: skip
