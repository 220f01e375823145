package wacloud

import (
	"time"
)

const defaultFallbackWithin = 5 * time.Minute

// outRecord is the value of out|<send id>: what to send instead when a status says that the send has failed. It never changes.
type outRecord struct {
	At       time.Time `json:"at"`
	Optional bool      `json:"optional,omitempty"` // a picture that goes with the choices: nothing is lost without it
}

// of is the record of one message of the rung.
func (r *outRecord) of(m Message) *outRecord {
	one := *r
	return &one
}
