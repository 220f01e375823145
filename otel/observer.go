package otel

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/wacloud/wacloud"
)

// An Observer is a [wacloud.Observer] that records to OpenTelemetry. It is safe for concurrent use.
type Observer struct {
	recorders map[wacloud.Metric][]recorder
}

type recorder struct {
	instrument
	record func(ctx context.Context, value float64, attrs metric.MeasurementOption)
}

// NewObserver makes the instruments at a provider, nil for the global one. The error is the provider's.
func NewObserver(provider metric.MeterProvider) (*Observer, error) {
	if provider == nil {
		provider = otel.GetMeterProvider()
	}
	meter := provider.Meter(scope)
	o := &Observer{recorders: map[wacloud.Metric][]recorder{}}
	var errs []error
	for _, i := range instruments {
		record, err := i.make(meter)
		if err != nil {
			errs = append(errs, fmt.Errorf("wacloud: otel: %s: %w", i.name, err))
			continue
		}
		o.recorders[i.metric] = append(o.recorders[i.metric], recorder{i, record})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return o, nil
}

func (i instrument) make(m metric.Meter) (func(context.Context, float64, metric.MeasurementOption), error) {
	switch i.shape {
	case histogram:
		h, err := m.Float64Histogram(i.name, metric.WithUnit(i.unit), metric.WithDescription(i.about), metric.WithExplicitBucketBoundaries(i.boundaries()...))
		return func(ctx context.Context, v float64, a metric.MeasurementOption) { h.Record(ctx, v, a) }, err
	case gauge:
		g, err := m.Float64Gauge(i.name, metric.WithUnit(i.unit), metric.WithDescription(i.about))
		return func(ctx context.Context, v float64, a metric.MeasurementOption) { g.Record(ctx, v, a) }, err
	default:
		c, err := m.Int64Counter(i.name, metric.WithUnit(i.unit), metric.WithDescription(i.about))
		return func(ctx context.Context, v float64, a metric.MeasurementOption) { c.Add(ctx, i.amount(v), a) }, err
	}
}

// amount is what a counter adds.
func (i instrument) amount(v float64) int64 {
	if i.shape == counted {
		return 1
	}
	return int64(v)
}

// Observe implements [wacloud.Observer]. A metric that this release does not know is left out.
func (o *Observer) Observe(ctx context.Context, m wacloud.Measurement) {
	for _, r := range o.recorders[m.Metric] {
		if r.only == "" || r.only == m.Label {
			r.record(ctx, m.Value, metric.WithAttributeSet(r.attributes(m)))
		}
	}
}

// attributes are those of the conventions where the instrument is theirs, the label, the route and the business's number.
func (i instrument) attributes(m wacloud.Measurement) attribute.Set {
	attrs := make([]attribute.KeyValue, 0, 4)
	if m.Route != "" {
		attrs = append(attrs, attribute.String(keyRoute, m.Route))
	}
	if m.PhoneNumberID != "" {
		attrs = append(attrs, attribute.String(keyNumber, m.PhoneNumberID))
	}
	if i.label != "" && m.Label != "" && (i.label != keyErrorType || m.Label != okLabel) {
		attrs = append(attrs, attribute.String(i.label, m.Label))
	}
	switch i.metric {
	case wacloud.MetricHandled:
		attrs = append(attrs, attribute.String(keySystem, system), attribute.String(keyOperationName, "process"))
	case wacloud.MetricSendDuration:
		attrs = append(attrs, attribute.String(keySystem, system), attribute.String(keyOperationName, "send"))
	default: // ours, not of the conventions
	}
	return attribute.NewSet(attrs...)
}
