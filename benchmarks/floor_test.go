package benchmarks

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/wacloud/wacloud"
)

// The two sides are comparable only as long as they put the same message on the wire.
func TestFloorAndOursSendTheSame(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string]struct {
		floor *floorMessage
		ours  wacloud.Message
	}{
		"buttons": {floorButtons(), ourButtons()},
		"list":    {floorList(), ourList()},
	} {
		floor, err := json.Marshal(pair.floor)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := checkAndEncode(pair.ours)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := decode(t, ours), decode(t, floor); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: ours sends\n%s\nthe floor sends\n%s", name, ours, floor)
		}
		t.Logf("%s: ours %d bytes, floor %d bytes", name, len(ours), len(floor))
	}
}

func TestFloorAndOursReadTheSame(t *testing.T) {
	t.Parallel()
	body := []byte(tapBody(7))
	id, err := floorParse(body)
	if err != nil || id != "cart:remove:3" {
		t.Errorf("floor: %q, %v", id, err)
	}
	events, err := wacloud.ParseWebhook(body)
	if err != nil || len(events) != 1 || events[0].Message == nil || events[0].Message.Reply == nil {
		t.Fatalf("ours: %d events, %v", len(events), err)
	}
	if got := events[0].Message.Reply.ID; got != id {
		t.Errorf("ours: %q, want %q", got, id)
	}
	t.Logf("%d bytes", len(body))
}

func decode(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
