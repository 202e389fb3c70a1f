"""The shipper alone: rules one by one, then against a model cloud that loses, repeats and reorders its answers."""

import itertools

from contract.ids import Epoch, Stream
from contract.messages import Ack, StreamHead
from edge.uplink.shipper import ASK_AGAIN_MS, Batch, Confirmed, Phase, Read, Settings, Shipper, Verdict, correlation

EPOCH = Epoch("a" * 32)
OTHER = Epoch("b" * 32)
SETTINGS = Settings(window_batches=4, batch_records=10, ack_timeout_ms=1_000)
EVENTS, TELEMETRY = Stream.EVENTS, Stream.TELEMETRY


def digest(seq: int) -> str:
    return f"{seq:064x}"


def head(stream: Stream, head_seq: int, oldest: int = 1, acknowledged: int = 0) -> StreamHead:
    return StreamHead(
        stream=stream,
        oldest_seq=oldest,
        head_seq=head_seq,
        head_digest=digest(head_seq),
        acknowledged_seq=acknowledged,
    )


def ack(stream: Stream, through: int, **changes: object) -> Ack:
    fields = {"epoch": EPOCH, "stream": stream, "through_seq": through, "through_digest": digest(through)}
    return Ack.model_validate({**fields, **changes})


def batch(read: Read, last: int, oldest: int = 1) -> Batch | None:
    """What a journal of `last` records gives for `read`."""
    first = max(read.after_seq + 1, oldest)
    if first > last:
        return None
    end = min(last, first + read.max_records - 1)
    return Batch(EPOCH, first, end, oldest, end - first + 1, digest(first - 1), digest(end))


def greeted(events: int = 100, telemetry: int = 0, through: int = 0) -> Shipper:
    """A shipper whose hello the cloud has answered at time 0."""
    shipper = Shipper(SETTINGS)
    shipper.connected()
    shipper.said_hello(EPOCH, [head(EVENTS, events), head(TELEMETRY, telemetry)], 0)
    shipper.acknowledged(ack(EVENTS, through), 0)
    shipper.acknowledged(ack(TELEMETRY, 0), 0)
    return shipper


def send_all(shipper: Shipper, events: int, telemetry: int = 0, now_ms: int = 0) -> list[Batch]:
    """Everything that the shipper wants to send now."""
    sent = []
    while (read := shipper.next_read()) is not None:
        taken = batch(read, events if read.stream is EVENTS else telemetry)
        if shipper.took(read, taken, now_ms) is Verdict.SEND and taken is not None:
            sent.append(taken)
    return sent


def test_nothing_is_read_before_the_answer_to_hello() -> None:
    shipper = Shipper(SETTINGS)
    assert shipper.next_read() is None
    shipper.connected()
    assert shipper.wants_hello
    assert shipper.next_read() is None
    shipper.said_hello(EPOCH, [head(EVENTS, 5), head(TELEMETRY, 5)], 0)
    assert not shipper.wants_hello
    assert shipper.next_read() is None
    shipper.acknowledged(ack(TELEMETRY, 0), 0)
    read = shipper.next_read()
    assert read is not None
    assert read.stream is TELEMETRY


def test_an_unanswered_hello_is_said_again_ever_less_often() -> None:
    shipper = Shipper(SETTINGS)
    shipper.connected()
    now_ms, pauses = 0, []
    for _ in range(10):
        shipper.said_hello(EPOCH, [head(EVENTS, 5)], now_ms)
        due_ms = shipper._hello_due_ms
        assert due_ms is not None
        pauses.append(due_ms - now_ms)
        shipper.time_passed(due_ms - 1)
        assert not shipper.wants_hello
        now_ms = due_ms
        shipper.time_passed(now_ms)
        assert shipper.wants_hello
    assert pauses == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000]


def test_at_most_the_window_is_under_way_and_an_ack_makes_room() -> None:
    shipper = greeted()
    assert [(b.first_seq, b.last_seq) for b in send_all(shipper, 100)] == [(1, 10), (11, 20), (21, 30), (31, 40)]
    assert shipper.acknowledged(ack(EVENTS, 20), 5) == Confirmed(EPOCH, EVENTS, 20, digest(20))
    assert [(b.first_seq, b.last_seq) for b in send_all(shipper, 100)] == [(41, 50), (51, 60)]


def test_events_go_before_telemetry() -> None:
    shipper = greeted(events=30, telemetry=30)
    assert [b.last_seq for b in send_all(shipper, 30, 30)] == [10, 20, 30, 10]


def test_sending_begins_behind_what_the_cloud_has() -> None:
    shipper = greeted(events=100, through=73)
    assert send_all(shipper, 100)[0].first_seq == 74


def test_a_cloud_restored_from_a_backup_gets_again_what_is_kept() -> None:
    shipper = Shipper(SETTINGS)
    shipper.connected()
    shipper.said_hello(EPOCH, [head(EVENTS, 100, oldest=31, acknowledged=90), head(TELEMETRY, 0)], 0)
    shipper.acknowledged(ack(EVENTS, 10), 0)
    read = shipper.next_read()
    assert read is not None
    assert read.after_seq == 30


def test_a_time_out_sends_again_from_the_cursor_with_a_window_of_one_which_grows_back() -> None:
    shipper = greeted()
    send_all(shipper, 100)
    shipper.acknowledged(ack(EVENTS, 10), 500)
    shipper.time_passed(1_499)
    assert shipper.batches_under_way == 3
    shipper.time_passed(1_500)
    assert shipper.window == 1
    assert [b.first_seq for b in send_all(shipper, 100, now_ms=1_500)] == [11]
    windows = []
    for through in range(20, 101, 10):
        shipper.acknowledged(ack(EVENTS, through), 1_600)
        send_all(shipper, 1_000, now_ms=1_600)
        windows.append(shipper.window)
    assert windows == [2, 2, 3, 3, 3, 4, 4, 4, 4]


def test_the_time_out_doubles_and_the_second_one_asks_the_cloud_what_it_has() -> None:
    shipper = greeted()
    send_all(shipper, 100)
    shipper.time_passed(1_000)
    assert not shipper.wants_hello
    assert len(send_all(shipper, 100, now_ms=1_000)) == 1
    shipper.time_passed(2_999)
    assert not shipper.wants_hello
    shipper.time_passed(3_000)
    assert shipper.wants_hello
    shipper.said_hello(EPOCH, [head(EVENTS, 100), head(TELEMETRY, 0)], 3_000)
    shipper.acknowledged(ack(EVENTS, 0), 3_001)
    shipper.acknowledged(ack(TELEMETRY, 0), 3_001)
    assert len(send_all(shipper, 100, now_ms=3_001)) == 1
    shipper.time_passed(7_000)
    assert not shipper.wants_hello
    shipper.time_passed(7_001)
    assert shipper.wants_hello


def test_late_and_repeated_acknowledgements_say_nothing() -> None:
    shipper = greeted()
    send_all(shipper, 100)
    assert shipper.acknowledged(ack(EVENTS, 30), 1) is not None
    assert shipper.acknowledged(ack(EVENTS, 30), 2) is None
    assert shipper.acknowledged(ack(EVENTS, 10), 2) is None
    assert shipper.acknowledged(ack(EVENTS, 40, epoch=OTHER), 2) is None
    assert shipper.acknowledged(ack(EVENTS, 40, epoch=None), 2) is None
    assert shipper.batches_under_way == 1


def test_an_acknowledgement_beyond_the_journal_is_asked_about_and_not_passed_on() -> None:
    shipper = greeted(events=40)
    send_all(shipper, 40)
    assert shipper.acknowledged(ack(EVENTS, 41), 10) is None
    assert not shipper.wants_hello
    shipper.time_passed(1_010)
    assert shipper.wants_hello


def test_a_cloud_ahead_of_the_journal_at_hello_is_a_fork() -> None:
    shipper = Shipper(SETTINGS)
    shipper.connected()
    shipper.said_hello(EPOCH, [head(EVENTS, 40), head(TELEMETRY, 0)], 0)
    assert shipper.acknowledged(ack(EVENTS, 41), 1) == Confirmed(EPOCH, EVENTS, 41, digest(41), forked=True)
    assert shipper.phase is Phase.HELD
    shipper.acknowledged(ack(TELEMETRY, 0), 1)
    assert shipper.next_read() is None


def test_another_digest_where_ours_is_known_is_a_fork() -> None:
    for through in (10, 100):
        shipper = greeted()
        send_all(shipper, 100)
        told = shipper.acknowledged(ack(EVENTS, through, through_digest=digest(7)), 1)
        assert told == Confirmed(EPOCH, EVENTS, through, digest(7), forked=True)


def test_an_acknowledgement_without_a_digest_confirms_nothing_and_is_asked_about() -> None:
    shipper = greeted()
    send_all(shipper, 100)
    assert shipper.acknowledged(ack(EVENTS, 10, through_digest=None), 1) is None
    assert shipper.acknowledged(ack(EVENTS, 100, through_digest=None), 1) is None
    assert shipper.batches_under_way == SETTINGS.window_batches
    shipper.time_passed(1 + ASK_AGAIN_MS)
    assert shipper.wants_hello


def test_a_record_sent_alone_may_be_kept_as_bytes_that_have_no_digest() -> None:
    shipper = greeted(events=1)
    send_all(shipper, 1)
    told = shipper.acknowledged(ack(EVENTS, 1, through_digest=None), 1)
    assert told == Confirmed(EPOCH, EVENTS, 1, digest(1))


def test_another_digest_at_the_cursor_is_found_before_anything_is_sent() -> None:
    shipper = Shipper(SETTINGS)
    shipper.connected()
    shipper.said_hello(EPOCH, [head(EVENTS, 100), head(TELEMETRY, 0)], 0)
    shipper.acknowledged(ack(EVENTS, 50, through_digest=digest(7)), 1)
    read = shipper.next_read()
    assert read is not None
    assert shipper.took(read, batch(read, 100), 2) == Confirmed(EPOCH, EVENTS, 50, digest(7), forked=True)
    assert shipper.next_read() is None


def test_after_a_fork_the_new_epoch_is_greeted_and_shipped_from_its_beginning() -> None:
    shipper = greeted()
    send_all(shipper, 100)
    shipper.acknowledged(ack(EVENTS, 40, forked=True), 1)
    assert shipper.phase is Phase.HELD
    shipper.journal_grew(EPOCH)
    assert not shipper.wants_hello
    shipper.journal_grew(OTHER)
    assert shipper.wants_hello
    shipper.said_hello(OTHER, [head(EVENTS, 61), head(TELEMETRY, 0)], 2)
    shipper.acknowledged(ack(EVENTS, 0, epoch=OTHER, through_digest=None), 3)
    read = shipper.next_read()
    assert read is not None
    assert read.after_seq == 0


def test_a_fork_is_told_again_when_the_controller_does_nothing() -> None:
    shipper = greeted()
    shipper.acknowledged(ack(EVENTS, 40, forked=True), 1)
    due_ms = shipper.deadline_ms()
    assert due_ms is not None
    shipper.time_passed(due_ms)
    assert shipper.wants_hello


def test_forks_of_one_epoch_after_the_other_are_told_at_most_once_a_minute() -> None:
    shipper, told = greeted(), []
    now_ms, epoch = 0, EPOCH
    for number in range(200):
        if shipper.acknowledged(ack(EVENTS, 4, epoch=epoch, forked=True), now_ms) is not None:
            told.append(now_ms)
            epoch = Epoch(f"{number:032x}")
            shipper.journal_grew(epoch)
        due_ms = shipper.deadline_ms()
        if not shipper.wants_hello and due_ms is not None:
            now_ms = due_ms
            shipper.time_passed(now_ms)
        shipper.said_hello(epoch, [head(EVENTS, 100), head(TELEMETRY, 0)], now_ms)
    assert len(told) > 2
    assert all(later - earlier >= 60_000 for earlier, later in itertools.pairwise(told))


def test_an_unreadable_batch_is_halved_down_to_single_records() -> None:
    shipper = greeted(events=12)
    poison, sizes, stored = 7, [], set()
    for _ in range(40):
        sent = send_all(shipper, 12)
        if not sent:
            break
        for one in sent:
            covered = set(range(one.first_seq, one.last_seq + 1))
            sizes.append(one.records)
            if poison in covered and one.records > 1:
                shipper.unreadable(correlation(EPOCH, EVENTS, one.first_seq, one.records), 1)
            else:
                stored |= covered
        through = next(seq for seq in range(13) if seq + 1 not in stored)
        shipper.acknowledged(ack(EVENTS, through), 1)
    assert stored == set(range(1, 13))
    assert sizes[0] == 10
    assert 1 in sizes
    assert shipper.batches_under_way == 0


def test_a_word_about_a_batch_that_was_not_sent_is_ignored() -> None:
    shipper = greeted()
    send_all(shipper, 100)
    for text in ("", ":::", correlation(EPOCH, EVENTS, 2, 10), correlation(OTHER, EVENTS, 1, 10), "x" * 200):
        assert not shipper.unreadable(text, 1)
    assert shipper.batches_under_way == 4


def test_growth_while_the_journal_was_being_read_is_not_missed() -> None:
    shipper = greeted(events=0)
    read = shipper.next_read()
    assert read is not None
    shipper.journal_grew(EPOCH)
    shipper.took(read, None, 1)
    again = shipper.next_read()
    assert again is not None
    assert again.stream is EVENTS


def test_the_journal_is_looked_at_unasked_after_a_while() -> None:
    shipper = greeted(events=0)
    assert send_all(shipper, 0) == []
    due_ms = shipper.deadline_ms()
    assert due_ms is not None
    shipper.time_passed(due_ms)
    assert shipper.next_read() is not None


def test_a_batch_read_for_an_earlier_connection_is_not_sent() -> None:
    shipper = greeted()
    read = shipper.next_read()
    assert read is not None
    shipper.disconnected()
    shipper.connected()
    assert shipper.took(read, batch(read, 100), 1) is Verdict.DISCARD


def test_a_batch_of_a_new_epoch_makes_the_shipper_greet() -> None:
    shipper = greeted()
    read = shipper.next_read()
    assert read is not None
    new = Batch(OTHER, 1, 2, 1, 2, digest(0), digest(2))
    assert shipper.took(read, new, 1) is Verdict.DISCARD
    assert shipper.wants_hello
