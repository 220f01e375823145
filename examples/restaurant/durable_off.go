//go:build !sqlite

package main

import (
	"errors"

	"github.com/wacloud/wacloud"
)

// openInbox refuses: orders of real users do not belong in memory.
func openInbox(string) (wacloud.Inbox, wacloud.Store, error) {
	return nil, nil, errors.New("this build keeps events in memory only, and real orders must outlive the process: " +
		"go run -C examples -tags sqlite ./restaurant")
}
