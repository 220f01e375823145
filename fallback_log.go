package wacloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// A descentLog keeps the place of one send of a handler's run for the next run. Without a run or a store there is none.
type descentLog struct {
	store Store
	key   string
}

// descentLog names the place of o. Like sends themselves, the n-th with this content of one run is the n-th of every run.
func (c *Client) descentLog(ctx context.Context, o *Outgoing) (descentLog, error) {
	r, store := runFrom(ctx), c.storeFor(ctx)
	if r == nil || store == nil {
		return descentLog{}, nil
	}
	body, err := EncodeMessage(*o)
	if err != nil {
		return descentLog{}, err
	}
	return descentLog{store, "fallback|" + r.sendKey("fallback|"+c.number, body)}, nil
}

func (l descentLog) read(ctx context.Context) (descent, error) {
	if l.store == nil {
		return descent{}, nil
	}
	value, _, err := l.store.Get(ctx, l.key)
	if errors.Is(err, ErrNotFound) {
		return descent{}, nil
	}
	var d descent
	if err == nil {
		err = json.Unmarshal(value, &d)
	}
	if err != nil {
		return descent{}, fmt.Errorf("wacloud: read recorded fallback: %w", err)
	}
	return d, nil
}

func (l descentLog) write(ctx context.Context, d descent) error {
	if l.store == nil {
		return nil
	}
	value, err := json.Marshal(d)
	if err == nil {
		err = l.store.Put(ctx, l.key, value, sentTTL)
	}
	if err != nil {
		return fmt.Errorf("wacloud: record fallback: %w", err)
	}
	return nil
}

// storeFor is where sends made with ctx are recorded: the webhook's store, else the client's, else nil.
func (c *Client) storeFor(ctx context.Context) Store {
	if r := runFrom(ctx); r != nil && r.cfg.store != nil {
		return r.cfg.store
	}
	return c.store
}
