package wacloud

// MemoryInbox is an [Inbox] in memory: it loses what it holds when the process dies.
type MemoryInbox struct{ Inbox }

// A MemoryOption configures a [MemoryInbox].
type MemoryOption interface{ applyMemory(*memoryConfig) }

type memoryConfig struct{}

// NewMemoryInbox returns an empty inbox.
func NewMemoryInbox(opts ...MemoryOption) *MemoryInbox { panic("skeleton") }
