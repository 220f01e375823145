package nats

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/inboxtest"
	"github.com/wacloud/wacloud/inbox/nats/natstest"
)

// What a server leaves that is killed after it has written down that an event is acknowledged and before it has removed
// the event, made by a stream that removes nothing: the body of an event that is done goes, one that is against all
// expectation not done is handed out again, and what nobody has acknowledged stays as it is.
func TestSweepRemovesWhatAKilledServerKept(t *testing.T) {
	t.Parallel()
	server, err := natstest.Start(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(server.Close)
	conn, err := server.Connect()
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	ctx := t.Context()
	events, err := js.CreateStream(ctx, jetstream.StreamConfig{
		Name: "wacloud_events", Subjects: []string{"wacloud.p.>"}, AllowDirect: true, Metadata: map[string]string{metaPartitions: "1"},
	})
	require.NoError(t, err)
	_, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: "wacloud_dead", Subjects: []string{"wacloud.dead.>"}, AllowDirect: true})
	require.NoError(t, err)
	done, err := js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: "wacloud_done"})
	require.NoError(t, err)
	admin, err := OpenAdmin(ctx, conn)
	require.NoError(t, err)
	in := admin.in
	in.cfg.lease = defaultLease

	isDone, isNot, waits := inboxtest.Text("15550000001", "wamid.1", "done"), inboxtest.Text("15550000001", "wamid.2", "not"), inboxtest.Text("15550000002", "wamid.3", "waits")
	_, err = in.Put(ctx, []wacloud.Event{isDone, isNot})
	require.NoError(t, err)
	r := &runner{in: in, cfg: wacloud.RunConfig{}.WithDefaults(), handlers: ctx}
	consumer, err := r.consumer(ctx, 0)
	require.NoError(t, err)
	for range 2 {
		msg, err := consumer.Next()
		require.NoError(t, err)
		require.NoError(t, msg.DoubleAck(ctx))
	}
	_, err = done.Put(ctx, hashOf(isDone.ID), nil)
	require.NoError(t, err)
	_, err = in.Put(ctx, []wacloud.Event{waits})
	require.NoError(t, err)

	for range 2 { // the second finds nothing to do
		require.NoError(t, in.sweep(ctx))
		info, err := events.Info(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 2, info.State.Msgs)
	}
	var left []string
	for range 2 {
		msg, err := consumer.Next(jetstream.FetchMaxWait(5 * time.Second))
		require.NoError(t, err)
		e := parse(msg)
		left = append(left, e.Text())
		require.NoError(t, msg.DoubleAck(ctx))
	}
	require.Equal(t, []string{"waits", "not"}, left)
}
