package wacloud

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// broadcastPrefix begins the callback data of a broadcast's messages. Behind it stand the broadcast's id, which has no
// colon, and the recipient's name in it.
const broadcastPrefix = "broadcast:"

func broadcastData(id, name string) string { return broadcastPrefix + id + ":" + name }

// noteBroadcast records that a broadcast's message failed after it was accepted, and nothing was sent instead. Nothing sends it
// again.
func (w *Webhook) noteBroadcast(ctx context.Context, store Store, e *Event) error {
	if e.statusRank() != rankFailed || e.Status.Fallback != nil {
		return nil
	}
	data, ours := strings.CutPrefix(e.Status.CallbackData, broadcastPrefix)
	id, name, named := strings.Cut(data, ":")
	if !ours || !named {
		return nil
	}
	for range swapTries {
		done, err := refuseLate(ctx, store, broadcastRecords(e.PhoneNumberID, id)+name, e.Status)
		if err != nil {
			return fmt.Errorf("wacloud: record broadcast: %w", err)
		}
		if done {
			return nil
		}
	}
	return fmt.Errorf("wacloud: record broadcast: %w", errContended)
}

// refuseLate reports false where somebody else has changed the record meanwhile.
func refuseLate(ctx context.Context, store Store, key string, s *Status) (done bool, err error) {
	rec, version, err := readRecord[broadcastRecord](ctx, store, key)
	if err != nil || version == 0 || rec.State == stateRefused {
		return true, err
	}
	rec.State, rec.Code, rec.Final = stateRefused, 0, true
	if len(s.Errors) > 0 {
		rec.Code = s.Errors[0].Code
	}
	return swapRecord(ctx, store, key, version, rec, broadcastTTL)
}

// BroadcastReport counts what is on record of a broadcast: of all calls, of all processes, and with what Meta reported
// later by a status webhook, such as 131049 and 131050, where a [Webhook] with the same [Store] was told: Refused counts
// those, too. A message that is under way counts as Unknown; Skipped, Open and Elapsed are 0. It reads a record for each
// recipient, a thousand at a time, and keeps none. It fails where the store does, and where [Client.Broadcast] would
// refuse the id or the client. It is safe for concurrent use.
func (c *Client) BroadcastReport(ctx context.Context, id string) (BroadcastReport, error) {
	b, err := c.newBroadcast(ctx, id, nil)
	if err != nil {
		return BroadcastReport{}, broadcastError(err)
	}
	const page = 1000
	prefix := broadcastRecords(c.number, id)
	for after := ""; ; {
		entries, err := b.store.Scan(ctx, prefix, after, page)
		if err != nil {
			return BroadcastReport{}, fmt.Errorf("wacloud: read broadcast: %w", err)
		}
		for _, e := range entries {
			var rec broadcastRecord
			if json.Unmarshal(e.Value, &rec) != nil {
				rec = broadcastRecord{} // of another release
			}
			b.report.add(rec.counted(), rec.Code)
			after = e.Key
		}
		if len(entries) < page {
			return b.report, nil
		}
	}
}

// counted is what a record means to somebody who sends nothing.
func (r broadcastRecord) counted() BroadcastOutcome {
	switch r.State {
	case stateSent:
		return BroadcastSent
	case stateHeld:
		return BroadcastHeld
	case stateRefused:
		return BroadcastRefused
	default:
		return BroadcastUnknown
	}
}
