-- Format 1. "place" is the workspace's row shifted left by 40 bits, plus the position.
CREATE TABLE relay (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    signing BLOB NOT NULL,
    instance BLOB NOT NULL
) STRICT;
CREATE TABLE workspaces (
    id INTEGER PRIMARY KEY,
    workspace BLOB NOT NULL UNIQUE,
    position INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE entries (
    workspace INTEGER NOT NULL,
    place INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (workspace, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE devices (
    id INTEGER PRIMARY KEY,
    device BLOB NOT NULL UNIQUE
) STRICT;
-- AUTOINCREMENT: the row of an erased stream is never given to another.
CREATE TABLE streams (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace INTEGER NOT NULL,
    document BLOB NOT NULL,
    UNIQUE (workspace, document)
) STRICT;
CREATE TABLE envelopes (
    place INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    number INTEGER NOT NULL,
    device INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    accepted_ms INTEGER NOT NULL,
    head BLOB NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX envelopes_by_stream ON envelopes (stream, number, device, sequence);
CREATE TABLE grants (
    place INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    recipient BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    bytes BLOB NOT NULL
) STRICT;
CREATE TABLE marks (
    place INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    device INTEGER NOT NULL,
    number INTEGER NOT NULL,
    head BLOB NOT NULL,
    signature BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX marks_by_device ON marks (stream, device);
