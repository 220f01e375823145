//go:build race

package wacloud_test

// underRace tells that the race detector is on, which allocates by itself.
const underRace = true
