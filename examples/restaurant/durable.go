//go:build sqlite

package main

import (
	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/sqlite"
)

// openInbox opens the file in which events outlive the process, and the record of what was sent. Carts and orders stay in
// memory: a real shop has a database for them.
func openInbox(path string) (wacloud.Inbox, wacloud.Store, error) {
	inbox, err := sqlite.Open(path)
	if err != nil {
		return nil, nil, err
	}
	return inbox, inbox.Store(), nil
}
