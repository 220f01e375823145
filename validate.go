package wacloud

// Severity tells whether a [Problem] keeps a message from being sent.
type Severity uint8

// The severities.
const (
	SeverityError   Severity = iota // Meta refuses it, or is inferred to
	SeverityWarning                 // Meta takes it, but a phone may cut it or it is likely a slip
)

// A Problem is one broken rule.
type Problem struct {
	Path     string // JSON path in the request body, such as "interactive.action.buttons[1].reply.title"
	Rule     string // name of the row of the limits table
	Got      string // what was found, never the text itself: "27 characters"
	Limit    string // "at most 20 characters"
	Severity Severity
	Inferred bool // the rule is our reading, Meta does not state it
	Hint     string
}

func (p Problem) Error() string { panic("skeleton") }

// ValidationError holds every problem of a message. It is an [ErrInvalid].
type ValidationError struct {
	Problems []Problem
}

func (e *ValidationError) Error() string        { panic("skeleton") }
func (e *ValidationError) Is(target error) bool { return target == ErrInvalid }
func (e *ValidationError) Unwrap() []error      { panic("skeleton") }

// Check returns the problems of a message, warnings included, or nil.
func Check(m Message) []Problem { panic("skeleton") }

// Check returns the problems of the request: those of the message and the rules that need the recipient.
func (o Outgoing) Check() []Problem { panic("skeleton") }

type checker struct{}

func (m Text) Validate() error                    { panic("skeleton") }
func (m Text) check(c *checker)                   { panic("skeleton") }
func (m Image) Validate() error                   { panic("skeleton") }
func (m Image) check(c *checker)                  { panic("skeleton") }
func (m Video) Validate() error                   { panic("skeleton") }
func (m Video) check(c *checker)                  { panic("skeleton") }
func (m Audio) Validate() error                   { panic("skeleton") }
func (m Audio) check(c *checker)                  { panic("skeleton") }
func (m Document) Validate() error                { panic("skeleton") }
func (m Document) check(c *checker)               { panic("skeleton") }
func (m Sticker) Validate() error                 { panic("skeleton") }
func (m Sticker) check(c *checker)                { panic("skeleton") }
func (m Location) Validate() error                { panic("skeleton") }
func (m Location) check(c *checker)               { panic("skeleton") }
func (m Contacts) Validate() error                { panic("skeleton") }
func (m Contacts) check(c *checker)               { panic("skeleton") }
func (m Reaction) Validate() error                { panic("skeleton") }
func (m Reaction) check(c *checker)               { panic("skeleton") }
func (m Raw) Validate() error                     { panic("skeleton") }
func (m Raw) check(c *checker)                    { panic("skeleton") }
func (m Buttons) Validate() error                 { panic("skeleton") }
func (m Buttons) check(c *checker)                { panic("skeleton") }
func (m List) Validate() error                    { panic("skeleton") }
func (m List) check(c *checker)                   { panic("skeleton") }
func (m CTAURL) Validate() error                  { panic("skeleton") }
func (m CTAURL) check(c *checker)                 { panic("skeleton") }
func (m Carousel) Validate() error                { panic("skeleton") }
func (m Carousel) check(c *checker)               { panic("skeleton") }
func (m ProductCarousel) Validate() error         { panic("skeleton") }
func (m ProductCarousel) check(c *checker)        { panic("skeleton") }
func (m Product) Validate() error                 { panic("skeleton") }
func (m Product) check(c *checker)                { panic("skeleton") }
func (m ProductList) Validate() error             { panic("skeleton") }
func (m ProductList) check(c *checker)            { panic("skeleton") }
func (m Catalog) Validate() error                 { panic("skeleton") }
func (m Catalog) check(c *checker)                { panic("skeleton") }
func (m LocationRequest) Validate() error         { panic("skeleton") }
func (m LocationRequest) check(c *checker)        { panic("skeleton") }
func (m ContactInfoRequest) Validate() error      { panic("skeleton") }
func (m ContactInfoRequest) check(c *checker)     { panic("skeleton") }
func (m AddressRequest) Validate() error          { panic("skeleton") }
func (m AddressRequest) check(c *checker)         { panic("skeleton") }
func (m Flow) Validate() error                    { panic("skeleton") }
func (m Flow) check(c *checker)                   { panic("skeleton") }
func (m VoiceCall) Validate() error               { panic("skeleton") }
func (m VoiceCall) check(c *checker)              { panic("skeleton") }
func (m CallPermissionRequest) Validate() error   { panic("skeleton") }
func (m CallPermissionRequest) check(c *checker)  { panic("skeleton") }
func (h HeaderText) checkHeader(c *checker)       { panic("skeleton") }
func (h HeaderImage) checkHeader(c *checker)      { panic("skeleton") }
func (h HeaderVideo) checkHeader(c *checker)      { panic("skeleton") }
func (h HeaderDocument) checkHeader(c *checker)   { panic("skeleton") }
func (a QuickReplies) checkCardAction(c *checker) { panic("skeleton") }
func (a Link) checkCardAction(c *checker)         { panic("skeleton") }
