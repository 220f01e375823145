//go:build sqlite

package main

import (
	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/sqlite"
)

const afterwards = "The same command goes on from here."

// openStore opens the file that records who was sent to.
func openStore(path string) (store wacloud.Store, closeStore func() error, err error) {
	inbox, err := sqlite.Open(path)
	if err != nil {
		return nil, nil, err
	}
	return inbox.Store(), inbox.Close, nil
}

// openRehearsal records in the same way, so that going on can be tried as well.
func openRehearsal(path string) (store wacloud.Store, closeStore func() error, err error) {
	return openStore(path)
}
