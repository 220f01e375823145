package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"time"
)

// eightDays is how long ids are kept.
const eightDays = 8 * 24 * time.Hour

// ageIDs lets 8 days pass for each id that is as old as -age, as seen from the inbox: it forgets the id when it next sweeps.
func ageIDs(f *flags) {
	driver := map[string]string{"sqlite": "sqlite", "postgres": "pgx"}[f.engine]
	dsn := f.dsn
	if driver == "sqlite" {
		dsn = "file:" + f.dsn + "?_txlock=immediate&_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	for range time.Tick(time.Second) {
		now := time.Now().UnixMicro()
		_, err := db.ExecContext(context.Background(), fmt.Sprintf("UPDATE wa_seen SET stored_at = stored_at - %d WHERE stored_at < %d AND stored_at > %d",
			eightDays.Microseconds(), now-f.age.Microseconds(), now-time.Hour.Microseconds())) // two dialects, no input
		if err != nil {
			fmt.Fprintln(os.Stderr, "age:", err)
		}
	}
}
