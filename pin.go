package wacloud

// Pin pins a message of a group for 1 to 30 days. A group has at most 3 pinned messages (Meta, groups/groups-messaging,
// read 2026-03).
type Pin struct {
	MessageID string
	Days      int
}

// Unpin takes a [Pin] away again.
type Unpin struct {
	MessageID string
}
