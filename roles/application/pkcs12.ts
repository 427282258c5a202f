/**
 * awk: makes of certificates in PEM what `openssl asn1parse -genconf` makes a PKCS12 file of (RFC 7292): no MAC, nothing encrypted,
 * and of each certificate Oracle's attribute by which Java trusts it, for any purpose.
 */
export const PKCS12_CONFIG = String.raw`
  BEGIN {
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for (i = 1; i <= 64; i++) value[substr(digits, i, 1)] = i - 1
    print "asn1 = SEQUENCE:store"
  }
  function hex(base64,   i, j, bits, text) {
    for (i = 1; i < length(base64); i += 4) {
      bits = 0
      for (j = i; j < i + 4; j++) bits = bits * 64 + value[substr(base64, j, 1)]
      text = text sprintf("%06x", bits)
    }
    # Each "=" stands for a byte that is none.
    return substr(text, 1, length(text) - 2 * gsub(/=/, "", base64))
  }
  function section(name, lines) { print "[" name "]\n" lines }
  function bag(n, certificate) {
    section("bag" n, "type = OID:1.2.840.113549.1.12.10.1.3\nvalue = EXPLICIT:0,SEQUENCE:certificate" n "\nattributes = SET:attributes" n)
    section("certificate" n, "type = OID:1.2.840.113549.1.9.22.1\nvalue = EXPLICIT:0,FORMAT:HEX,OCTETSTRING:" hex(certificate))
    section("attributes" n, "name = SEQUENCE:name" n "\ntrusted = SEQUENCE:trusted")
    section("name" n, "type = OID:1.2.840.113549.1.9.20\nvalue = SET:alias" n)
    section("alias" n, "value = FORMAT:ASCII,BMPSTRING:ca-" n)
    bags = bags "bag" n " = SEQUENCE:bag" n "\n"
  }
  { sub(/[ \t\r]+$/, "") }
  /^-----BEGIN (X509 )?CERTIFICATE-----$/ { reading = 1; certificate = ""; next }
  /^-----END / {
    if (reading && !(certificate in known)) bag(++count, certificate)
    known[certificate]
    reading = 0
    next
  }
  reading { certificate = certificate $0 }
  END {
    section("bags", bags)
    section("trusted", "type = OID:2.16.840.1.113894.746875.1.1\nvalue = SET:usage")
    section("usage", "any = OID:2.5.29.37.0")
    section("store", "version = INTEGER:3\nsafe = SEQUENCE:safe")
    section("safe", "type = OID:1.2.840.113549.1.7.1\nvalue = EXPLICIT:0,OCTWRAP,SEQUENCE:contents")
    section("contents", "only = SEQUENCE:content")
    section("content", "type = OID:1.2.840.113549.1.7.1\nvalue = EXPLICIT:0,OCTWRAP,SEQUENCE:bags")
  }`;
