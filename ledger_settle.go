package wacloud

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"
)

// settleStatus takes note of a status that names one of our sends: whatever it says, the send was accepted.
func (w *Webhook) settleStatus(ctx context.Context, e *Event) error {
	store := w.storeOf(e)
	if store == nil || e.statusRank() == rankNone {
		return nil
	}
	if e.Status.SendID != "" {
		if err := settleByStatus(ctx, store, e); err != nil {
			return fmt.Errorf("wacloud: settle send by its status: %w", err)
		}
	}
	return w.fallBack(ctx, store, e)
}

// settleByStatus records that the send was accepted. The record of the handler's run comes first: when this process dies on the
// way, the same status does all of it again.
func settleByStatus(ctx context.Context, store Store, e *Event) error {
	s := e.Status
	for range swapTries {
		pend, version, err := readPend(ctx, store, s.SendID)
		switch {
		case err != nil:
			return err
		case version == 0: // long settled
			return nil
		case pend.Number != e.PhoneNumberID, pend.State == pendSent, pend.State == pendFailed:
			return nil
		}
		if err := acceptByStatus(ctx, store, pend, s); err != nil {
			return err
		}
		done, err := markByStatus(ctx, store, pend, version, s)
		if err != nil {
			return err
		}
		if done {
			if pend.State != pendSending {
				e.client().observeSettled(ctx, string(stateOf(s)))
			}
			return nil
		}
	}
	return errContended
}

// acceptByStatus records for the handler's run, and for statuses without the send's id, which message the send has become.
func acceptByStatus(ctx context.Context, store Store, pend pendRecord, s *Status) error {
	return together(
		func() error {
			if pend.Run == "" {
				return nil
			}
			return acceptRun(ctx, store, pend.Run, s)
		},
		func() error { return acceptBroadcast(ctx, store, pend.Broadcast) },
		func() error {
			if !pend.Falls {
				return nil
			}
			return store.Put(ctx, wamidKey(pend.Number, s.ID), []byte(s.SendID), ledgerTTL)
		},
	)
}

// acceptRun completes the run's record where the sender could not.
func acceptRun(ctx context.Context, store Store, key string, s *Status) error {
	rec, version, err := readRecord[sentRecord](ctx, store, key)
	if err != nil || version == 0 || rec.MessageID != "" {
		return err
	}
	rec.MessageID, rec.WaID, rec.UserID, rec.Attempts = s.ID, s.Recipient.Phone, s.Recipient.ID, 1
	_, err = swapRecord(ctx, store, key, version, rec, sentTTL) // or somebody else completed it
	return err
}

// markByStatus removes a record of unknown outcome. While somebody sends it the record stays for them, without what it sends.
func markByStatus(ctx context.Context, store Store, pend pendRecord, version uint64, s *Status) (bool, error) {
	if pend.State != pendSending {
		return store.Swap(ctx, pendPrefix+s.SendID, version, nil, -1)
	}
	pend.ended(stateOf(s))
	pend.MessageID, pend.WaID = s.ID, s.Recipient.Phone
	return swapPend(ctx, store, s.SendID, version, pend, max(time.Until(pend.Until), 0)+ledgerTTL)
}

func stateOf(s *Status) pendState {
	if s.Status == "failed" {
		return pendFailed
	}
	return pendSent
}

// wamidKey is hashed: the id of a message holds the user's phone number.
func wamidKey(number, messageID string) string {
	sum := sha256.Sum256([]byte(number + "\x00" + messageID))
	return wamidPrefix + hex.EncodeToString(sum[:16])
}

// client is what the event acts through, or nil.
func (e *Event) client() *Client {
	if e.binding == nil {
		return nil
	}
	return e.binding.client
}

// sweepEvery is how often a running webhook looks for sends whose outcome is unknown.
const sweepEvery = 15 * time.Second

// startSweeps looks for sends whose outcome is unknown until ctx ends. stop returns when the last look is over; a send that was
// begun has the time that handlers have.
func (w *Webhook) startSweeps(ctx context.Context) (stop func()) {
	s := sweep{store: w.sweepStore(), clientOf: w.sweepClient}
	if s.store == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var looking sync.WaitGroup
	looking.Go(func() { w.sweep(ctx, s) })
	return func() {
		cancel()
		looking.Wait()
	}
}

func (w *Webhook) sweep(ctx context.Context, s sweep) {
	last, cancel := outlive(ctx, w.cfg.RunConfig.WithDefaults().DrainTimeout)
	defer cancel()
	s.work = last
	every := time.NewTicker(sweepEvery)
	defer every.Stop()
	for {
		if err := s.run(ctx); err != nil && ctx.Err() == nil {
			w.log.WarnContext(ctx, "wacloud: sends whose outcome is unknown were not settled, it will be tried again", "error", maskText(err.Error()))
		}
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

// sweepStore is where the webhook's clients record their sends, nil where they have no common store.
func (w *Webhook) sweepStore() Store {
	if w.cfg.Store == nil && w.cfg.Client != nil {
		return w.cfg.Client.store
	}
	return w.cfg.Store
}

// sweepClient is the client that sends from number. [Clients] is asked with an event that has no more than the number.
func (w *Webhook) sweepClient(ctx context.Context, number string) *Client {
	if w.cfg.Client != nil {
		if w.cfg.Client.number != number {
			return nil
		}
		return w.cfg.Client
	}
	c, err := w.cfg.Clients.ClientFor(ctx, &Event{Kind: KindStatus, PhoneNumberID: number})
	if err == nil && c != nil && c.number != number {
		c, err = c.ForNumber(number)
	}
	if err != nil {
		return nil
	}
	return c
}
