package wacloud

// EncodeMessage returns the request body of o, in the field order of Meta's pages. It does not validate.
func EncodeMessage(o Outgoing) ([]byte, error) { panic("skeleton") }

// DecodeMessage reads what [EncodeMessage] wrote, or any body that Meta takes, strictly.
func DecodeMessage(body []byte) (*Outgoing, error) { panic("skeleton") }

func (m Text) messageType() string                            { panic("skeleton") }
func (m Text) appendContent(b []byte) []byte                  { panic("skeleton") }
func (m Image) messageType() string                           { panic("skeleton") }
func (m Image) appendContent(b []byte) []byte                 { panic("skeleton") }
func (m Video) messageType() string                           { panic("skeleton") }
func (m Video) appendContent(b []byte) []byte                 { panic("skeleton") }
func (m Audio) messageType() string                           { panic("skeleton") }
func (m Audio) appendContent(b []byte) []byte                 { panic("skeleton") }
func (m Document) messageType() string                        { panic("skeleton") }
func (m Document) appendContent(b []byte) []byte              { panic("skeleton") }
func (m Sticker) messageType() string                         { panic("skeleton") }
func (m Sticker) appendContent(b []byte) []byte               { panic("skeleton") }
func (m Location) messageType() string                        { panic("skeleton") }
func (m Location) appendContent(b []byte) []byte              { panic("skeleton") }
func (m Contacts) messageType() string                        { panic("skeleton") }
func (m Contacts) appendContent(b []byte) []byte              { panic("skeleton") }
func (m Reaction) messageType() string                        { panic("skeleton") }
func (m Reaction) appendContent(b []byte) []byte              { panic("skeleton") }
func (m Raw) messageType() string                             { panic("skeleton") }
func (m Raw) appendContent(b []byte) []byte                   { panic("skeleton") }
func (m Buttons) messageType() string                         { panic("skeleton") }
func (m Buttons) appendContent(b []byte) []byte               { panic("skeleton") }
func (m List) messageType() string                            { panic("skeleton") }
func (m List) appendContent(b []byte) []byte                  { panic("skeleton") }
func (m CTAURL) messageType() string                          { panic("skeleton") }
func (m CTAURL) appendContent(b []byte) []byte                { panic("skeleton") }
func (m Carousel) messageType() string                        { panic("skeleton") }
func (m Carousel) appendContent(b []byte) []byte              { panic("skeleton") }
func (m ProductCarousel) messageType() string                 { panic("skeleton") }
func (m ProductCarousel) appendContent(b []byte) []byte       { panic("skeleton") }
func (m Product) messageType() string                         { panic("skeleton") }
func (m Product) appendContent(b []byte) []byte               { panic("skeleton") }
func (m ProductList) messageType() string                     { panic("skeleton") }
func (m ProductList) appendContent(b []byte) []byte           { panic("skeleton") }
func (m Catalog) messageType() string                         { panic("skeleton") }
func (m Catalog) appendContent(b []byte) []byte               { panic("skeleton") }
func (m LocationRequest) messageType() string                 { panic("skeleton") }
func (m LocationRequest) appendContent(b []byte) []byte       { panic("skeleton") }
func (m ContactInfoRequest) messageType() string              { panic("skeleton") }
func (m ContactInfoRequest) appendContent(b []byte) []byte    { panic("skeleton") }
func (m AddressRequest) messageType() string                  { panic("skeleton") }
func (m AddressRequest) appendContent(b []byte) []byte        { panic("skeleton") }
func (m Flow) messageType() string                            { panic("skeleton") }
func (m Flow) appendContent(b []byte) []byte                  { panic("skeleton") }
func (m VoiceCall) messageType() string                       { panic("skeleton") }
func (m VoiceCall) appendContent(b []byte) []byte             { panic("skeleton") }
func (m CallPermissionRequest) messageType() string           { panic("skeleton") }
func (m CallPermissionRequest) appendContent(b []byte) []byte { panic("skeleton") }
func (h HeaderText) headerType() string                       { panic("skeleton") }
func (h HeaderText) appendHeader(b []byte) []byte             { panic("skeleton") }
func (h HeaderImage) headerType() string                      { panic("skeleton") }
func (h HeaderImage) appendHeader(b []byte) []byte            { panic("skeleton") }
func (h HeaderVideo) headerType() string                      { panic("skeleton") }
func (h HeaderVideo) appendHeader(b []byte) []byte            { panic("skeleton") }
func (h HeaderDocument) headerType() string                   { panic("skeleton") }
func (h HeaderDocument) appendHeader(b []byte) []byte         { panic("skeleton") }
func (a QuickReplies) appendCardAction(b []byte) []byte       { panic("skeleton") }
func (a Link) appendCardAction(b []byte) []byte               { panic("skeleton") }
