package wacloud

// ParseWebhook returns the events of a webhook body, in order.
func ParseWebhook(body []byte) ([]Event, error) { panic("skeleton") }
