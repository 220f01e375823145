package browsertest

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// taps presses the newest button n times and measures each time, in milliseconds, until the frame in which the answer is
// drawn: webhook, signature, route, answer, check, stream and page.
const taps = `(async () => {
	const log = document.querySelector(".log");
	const once = () => new Promise((done) => {
		const before = log.querySelectorAll(".msg.in").length;
		const seen = new MutationObserver(() => {
			if (log.querySelectorAll(".msg.in").length <= before) return;
			seen.disconnect();
			requestAnimationFrame(() => done(performance.now() - start));
		});
		seen.observe(log, { childList: true });
		const start = performance.now();
		[...log.querySelectorAll(".choice")].at(-1).click();
	});
	const times = [];
	for (let i = 0; i < 40; i++) {
		times.push(await once());
		await new Promise((r) => setTimeout(r, 20));
	}
	return times;
})()`

func TestTimeFromTapToDrawnAnswer(t *testing.T) {
	again := func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewButtons("Again?", wacloud.Button{ID: "again", Title: "Again"}))
		return err
	}
	r := wacloud.NewRouter()
	r.Text(again)
	r.Reply("again", again)
	s := newStage(t, r)
	p := s.open()
	p.phone(0).say("oi")
	p.phone(0).shows("Again?")
	times := eval[[]float64](p, taps)
	slices.Sort(times)
	t.Logf("from tap to drawn answer, %d taps: median %.0f ms, 95th percentile %.0f ms, slowest %.0f ms",
		len(times), times[len(times)/2], times[len(times)*95/100], times[len(times)-1])
	require.Less(t, times[len(times)/2], 500.0, "milliseconds, median")
}
