// Package redislimit lets processes share the rate of a business number through Redis.
//
//	shared, err := redislimit.New(redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true}))
//	if err != nil {
//		return err
//	}
//	client, err := cfg.NewClient(wacloud.WithRateLimit(wacloud.RateLimit{
//		Limiter:   shared,
//		Instances: 3, // each sends a third while Redis is away
//	}))
//
// Without it [wacloud.RateLimit] divides the rate by the number of processes, and what one of them does not use is lost. With
// it whoever has something to send may use all of it.
//
// The work is done by one Lua script for each reservation, on Redis's own clock, so clocks of machines may differ. There is
// one key for each business number, which vanishes by itself within seconds after the number is idle: keys name numbers of
// businesses, never users. It was tested with Redis 7.0; the script uses nothing that is newer than Redis 5.
package redislimit
