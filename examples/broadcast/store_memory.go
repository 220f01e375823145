//go:build !sqlite

package main

import (
	"errors"

	"github.com/wacloud/wacloud"
)

const afterwards = "This build records in memory, so the next rehearsal begins anew; one with -tags sqlite goes on."

// openStore refuses: who was sent to must be known after a crash too.
func openStore(string) (store wacloud.Store, closeStore func() error, err error) {
	return nil, nil, errors.New("this build records in memory only, and who was sent to must outlive the process: " +
		"go run -C examples -tags sqlite ./broadcast")
}

// openRehearsal records in memory: the next rehearsal begins anew.
func openRehearsal(string) (store wacloud.Store, closeStore func() error, err error) {
	return wacloud.NewMemoryStore(), func() error { return nil }, nil
}
