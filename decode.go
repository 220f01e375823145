package wacloud

// DecodeMessage reads what [EncodeMessage] wrote, or any body that Meta takes, strictly.
func DecodeMessage(body []byte) (*Outgoing, error) { panic("skeleton") }
