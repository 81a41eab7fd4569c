"""What a board keeps while nobody is there reaches a receiver once, however often it is cut off."""

from __future__ import annotations

import signal
import subprocess
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa

import kedge
from tests.edge.edge_runs import (
    PROGRAM,
    compile_model,
    configure,
    features,
    lines_of,
    names,
    records_of,
    run,
    segment_of,
    table,
)
from tests.edge.receiver import Receiver
from tests.edge.update_runs import Board, started
from tests.patience import until


def test_a_receiver_gets_all_once(tmp_path: Path) -> None:
    model = compile_model(tmp_path / "m.kedge")
    rows = table(features(2000, 8))
    text = 'device = "pump"\nmodel = "m.kedge"\n[spool]\nfolder = "spool"\n'
    for part in range(0, 2000, 400):
        run(configure(tmp_path, text + "[input]", names()), lines_of(rows.slice(part, 400)))
    config = configure(
        tmp_path, text + 'upload = "unix:hub.sock"\n[input]\nfrom = "unix:in.sock"', names()
    )
    with (
        closing(Receiver(tmp_path / "hub.sock")) as hub,
        subprocess.Popen([PROGRAM, config], stdout=subprocess.DEVNULL) as board,
    ):
        for most in (2, 1, 3, 1000):
            hub.serve(most, 2000)
        # What was received is gone but for the segment that tells where the numbers are.
        until(lambda: len(list((tmp_path / "spool").glob("*.segment"))) <= 2)
        board.send_signal(signal.SIGTERM)
        assert board.wait(timeout=30) == 0
    scores = b"".join(payload for kind, _, payload in hub.records if kind == 1)
    wanted = pa.table(model.predict(rows)).column(0)
    assert scores == np.asarray(wanted).tobytes()
    assert hub.lost_events == 0
    sketch = kedge.Profile.from_bytes([p for kind, _, p in hub.records if kind == 2][-1][40:])
    counted = sketch.like()
    counted.update(rows.append_column("score", wanted))
    assert sketch.to_bytes() == counted.to_bytes()


def test_a_killed_board_goes_on_behind_what_it_has(tmp_path: Path) -> None:
    compile_model(tmp_path / "m.kedge")
    text = 'device = "pump"\nmodel = "m.kedge"\n[spool]\nfolder = "spool"\n[input]'
    config = configure(tmp_path, text, names())
    with subprocess.Popen(
        [PROGRAM, config], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as board:
        assert board.stdin is not None
        assert board.stdout is not None
        board.stdin.write(lines_of(table(features(100, 9))))
        board.stdin.flush()
        for _ in range(100):
            board.stdout.readline()
        board.kill()
    run(config, lines_of(table(features(50, 10))))
    config = configure(
        tmp_path,
        text.replace("[input]", 'upload = "unix:hub.sock"\n[input]\nfrom = "unix:in.sock"'),
        names(),
    )
    with (
        closing(Receiver(tmp_path / "hub.sock")) as hub,
        subprocess.Popen([PROGRAM, config], stdout=subprocess.DEVNULL) as board,
    ):
        hub.serve(1000, 50)
        board.send_signal(signal.SIGTERM)
        board.wait(timeout=30)
    assert hub.event in (50, 150)


def test_a_byte_that_rots_costs_a_segment_and_not_the_upload(tmp_path: Path) -> None:
    compile_model(tmp_path / "m.kedge", cells=16)
    text = 'device = "pump"\nmodel = "m.kedge"\n[spool]\nfolder = "spool"\nsegment_bytes = 1024\n'
    for seed in range(4):
        run(configure(tmp_path, text + "[input]", names()), lines_of(table(features(200, seed))))
    segments = sorted((tmp_path / "spool").glob("*.segment"))
    whole = [len(segment_of(segment)) for segment in segments]
    rotten = bytearray(segments[2].read_bytes())
    rotten[80] ^= 1
    segments[2].write_bytes(rotten)
    config = configure(
        tmp_path, text + 'upload = "unix:hub.sock"\n[input]\nfrom = "unix:in.sock"', names()
    )
    with (
        closing(Receiver(tmp_path / "hub.sock")) as hub,
        started(config) as board,
    ):
        hub.serve(1000, 800)  # the board ends it, and tells of the gap in the next one
        before = hub.next
        hub.serve(1000, 800)
        board.process.send_signal(signal.SIGTERM)
        assert board.process.wait(timeout=30) == 0
    assert before == sum(whole[:2])
    assert len(hub.records) == hub.next - whole[2]
    assert hub.event == 800
    assert hub.lost_events == 800 - sum(events for _, events, _ in hub.records) > 0


def test_a_newest_segment_that_rots_behind_the_receiver_costs_no_record(tmp_path: Path) -> None:
    model = compile_model(tmp_path / "m.kedge", cells=16)
    rows = table(features(600, 8))
    text = 'device = "pump"\nmodel = "m.kedge"\n[output]\nto = "file:out"\n[spool]\n'
    text += 'folder = "spool"\nsketch_every = "1s"\n'
    text += 'upload = "unix:hub.sock"\n[input]'
    config = configure(tmp_path, text, names())
    spool = tmp_path / "spool"
    with closing(Receiver(tmp_path / "hub.sock")) as hub:
        with started(config) as board:
            for first in (0, 200):
                send(board, rows.slice(first, 200))
                hub.serve(1000, first + 200)
            board.stop()
        received, life = hub.next, hub.life
        counted = [profile_of(hub)]
        newest = max(spool.glob("*.segment"))
        newest.write_bytes(newest.read_bytes()[: behind_a_sketch(newest)])
        with started(config) as board:
            send(board, rows.slice(400))
            until(lambda: sum(events for _, events, _ in records_of(spool)) == 400)
            hub.serve(1000, 1000)
            assert (hub.next, hub.life) == (received, life)
            hub.serve(1000, 200)
            said = board.stop()
    assert "the receiver has records that are not here any more" in said
    assert hub.life == life + 1
    assert hub.lost_events == 0
    scores = b"".join(payload for kind, _, payload in hub.records if kind == 1)
    wanted = pa.table(model.predict(rows)).column(0)
    assert scores == np.asarray(wanted).tobytes()
    counted.append(profile_of(hub))
    both = counted[0].like()
    for one in counted:
        both.merge(one)
    once = counted[0].like()
    once.update(rows.append_column("score", wanted))
    assert both.to_bytes() == once.to_bytes()


def profile_of(hub: Receiver) -> kedge.Profile:
    """The newest sketch."""
    return kedge.Profile.from_bytes([p for kind, _, p in hub.records if kind == 2][-1][40:])


def send(board: Board, rows: pa.Table) -> None:
    assert board.process.stdin
    board.process.stdin.write(lines_of(rows))


def behind_a_sketch(segment: Path) -> int:
    """Where the first one ends."""
    records = segment_of(segment)
    end = [kind for kind, _, _ in records].index(2) + 1
    return 72 + sum(12 + len(payload) for _, _, payload in records[:end])
