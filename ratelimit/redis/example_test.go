package redislimit_test

import (
	"github.com/redis/go-redis/v9"

	"github.com/wacloud/wacloud"
	redislimit "github.com/wacloud/wacloud/ratelimit/redis"
)

// Three processes that share the rate of their number.
func Example() {
	run := func(cfg wacloud.Config) error {
		shared, err := redislimit.New(redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true}))
		if err != nil {
			return err
		}
		client, err := cfg.NewClient(wacloud.WithRateLimit(wacloud.RateLimit{
			Limiter:   shared,
			Instances: 3, // each sends a third while Redis is away
		}))
		if err != nil {
			return err
		}
		_ = client
		return nil
	}
	_ = run
}

// Numbers with limits of their own.
func ExampleNumber() {
	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{"localhost:6379"}, ContextTimeoutEnabled: true})
	shared, err := redislimit.New(client,
		redislimit.Number("106540352242922", 20),    // shared with the WhatsApp Business app
		redislimit.Number("106540352242923", 1_000), // upgraded
	)
	_, _ = shared, err
}
