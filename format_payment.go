package wacloud

import (
	"fmt"
	"log/slog"
)

// Payments hold names, addresses, keys and cards of people, and templates their names and one-time passwords: they print
// as what they are, see format.go.

// Format prints that it is a beneficiary, whatever the verb.
func (b Beneficiary) Format(f fmt.State, _ rune) { writeText(f, b.private()) }

// LogValue is what Format prints.
func (b Beneficiary) LogValue() slog.Value { return slog.StringValue(b.private()) }

func (Beneficiary) private() string { return private("beneficiary", "", "") }

// Format prints that it is a Pix code, whatever the verb.
func (s PixCode) Format(f fmt.State, _ rune) { writeText(f, s.private()) }

// LogValue is what Format prints.
func (s PixCode) LogValue() slog.Value { return slog.StringValue(s.private()) }

func (PixCode) private() string { return private("pix code", "", "") }

// Format prints that it is a card on file, whatever the verb.
func (s OffsiteCard) Format(f fmt.State, _ rune) { writeText(f, s.private()) }

// LogValue is what Format prints.
func (s OffsiteCard) LogValue() slog.Value { return slog.StringValue(s.private()) }

func (OffsiteCard) private() string { return private("card on file", "", "") }

// Format prints that it is a payment, whatever the verb.
func (p Payment) Format(f fmt.State, _ rune) { writeText(f, p.private()) }

// LogValue is what Format prints.
func (p Payment) LogValue() slog.Value { return slog.StringValue(p.private()) }

func (Payment) private() string { return private("payment", "", "") }

// Format prints that it is an order, whatever the verb.
func (m OrderDetails) Format(f fmt.State, _ rune) { writeText(f, m.private()) }

// LogValue is what Format prints.
func (m OrderDetails) LogValue() slog.Value { return slog.StringValue(m.private()) }

func (OrderDetails) private() string { return private("order details", "", "") }

// Format prints that it is a button, whatever the verb.
func (o OrderDetailsButton) Format(f fmt.State, _ rune) { writeText(f, o.private()) }

// LogValue is what Format prints.
func (o OrderDetailsButton) LogValue() slog.Value { return slog.StringValue(o.private()) }

func (OrderDetailsButton) private() string { return private("order details button", "", "") }

// Format prints that it is a template, whatever the verb.
func (m Template) Format(f fmt.State, _ rune) { writeText(f, m.private()) }

// LogValue is what Format prints.
func (m Template) LogValue() slog.Value { return slog.StringValue(m.private()) }

func (Template) private() string { return private("template", "", "") }
