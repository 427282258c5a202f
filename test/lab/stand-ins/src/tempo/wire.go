package main

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// As much of protobuf's wire format as traces need.

var errWire = errors.New("proto: cannot parse invalid wire-format data")

// field is one field of a message: a number, or bytes that may be a message.
type field struct {
	number int
	value  uint64
	bytes  []byte
}

func eachField(data []byte, take func(field) error) error {
	for len(data) > 0 {
		tag, n := binary.Uvarint(data)
		if n <= 0 {
			return errWire
		}
		data = data[n:]
		f := field{number: int(tag >> 3)}
		switch tag & 7 {
		case 0:
			if f.value, n = binary.Uvarint(data); n <= 0 {
				return errWire
			}
		case 1:
			if n = 8; len(data) < n {
				return errWire
			}
			f.value = binary.LittleEndian.Uint64(data)
		case 2:
			length, size := binary.Uvarint(data)
			if size <= 0 || length > uint64(len(data)-size) {
				return errWire
			}
			n = size + int(length)
			f.bytes = data[size:n]
		case 5:
			if n = 4; len(data) < n {
				return errWire
			}
			f.value = uint64(binary.LittleEndian.Uint32(data))
		default:
			return fmt.Errorf("%w: wire type %d", errWire, tag&7)
		}
		data = data[n:]
		if err := take(f); err != nil {
			return err
		}
	}
	return nil
}

// decodeTraces reads an ExportTraceServiceRequest.
func decodeTraces(data []byte) ([]resourceSpans, error) {
	var batches []resourceSpans
	err := eachField(data, func(f field) error {
		if f.number != 1 {
			return nil
		}
		var batch resourceSpans
		batches = append(batches, batch)
		return decodeBatch(f.bytes, &batches[len(batches)-1])
	})
	return batches, err
}

func decodeBatch(data []byte, batch *resourceSpans) error {
	return eachField(data, func(f field) error {
		switch f.number {
		case 1:
			return eachField(f.bytes, func(f field) error {
				if f.number != 1 {
					return nil
				}
				return decodeAttribute(f.bytes, &batch.Resource.Attributes)
			})
		case 2:
			batch.ScopeSpans = append(batch.ScopeSpans, scopeSpans{})
			return decodeScope(f.bytes, &batch.ScopeSpans[len(batch.ScopeSpans)-1])
		}
		return nil
	})
}

func decodeScope(data []byte, scope *scopeSpans) error {
	return eachField(data, func(f field) error {
		switch f.number {
		case 1:
			return eachField(f.bytes, func(f field) error {
				switch f.number {
				case 1:
					scope.Scope.Name = string(f.bytes)
				case 2:
					scope.Scope.Version = string(f.bytes)
				}
				return nil
			})
		case 2:
			scope.Spans = append(scope.Spans, span{})
			return decodeSpan(f.bytes, &scope.Spans[len(scope.Spans)-1])
		}
		return nil
	})
}

func decodeSpan(data []byte, s *span) error {
	return eachField(data, func(f field) error {
		switch f.number {
		case 1:
			s.TraceID = hex.EncodeToString(f.bytes)
		case 2:
			s.SpanID = hex.EncodeToString(f.bytes)
		case 4:
			s.Parent = hex.EncodeToString(f.bytes)
		case 5:
			s.Name = string(f.bytes)
		case 6:
			s.Kind = int(f.value)
		case 7:
			s.Start = nano(f.value)
		case 8:
			s.End = nano(f.value)
		case 9:
			return decodeAttribute(f.bytes, &s.Attributes)
		case 11:
			s.Events = append(s.Events, event{})
			return decodeEvent(f.bytes, &s.Events[len(s.Events)-1])
		case 15:
			return decodeStatus(f.bytes, &s.Status)
		}
		return nil
	})
}

func decodeEvent(data []byte, e *event) error {
	return eachField(data, func(f field) error {
		switch f.number {
		case 1:
			e.Time = nano(f.value)
		case 2:
			e.Name = string(f.bytes)
		case 3:
			return decodeAttribute(f.bytes, &e.Attributes)
		}
		return nil
	})
}

func decodeStatus(data []byte, s *status) error {
	return eachField(data, func(f field) error {
		switch f.number {
		case 2:
			s.Message = string(f.bytes)
		case 3:
			s.Code = int(f.value)
		}
		return nil
	})
}

func decodeAttribute(data []byte, all *attributes) error {
	a := attribute{Value: map[string]any{}}
	err := eachField(data, func(f field) (err error) {
		switch f.number {
		case 1:
			a.Key = string(f.bytes)
		case 2:
			a.Value, err = decodeValue(f.bytes)
		}
		return err
	})
	*all = append(*all, a)
	return err
}

func decodeValue(data []byte) (map[string]any, error) {
	value := map[string]any{}
	err := eachField(data, func(f field) error {
		switch f.number {
		case 1:
			value["stringValue"] = string(f.bytes)
		case 2:
			value["boolValue"] = f.value != 0
		case 3:
			value["intValue"] = strconv.FormatInt(int64(f.value), 10)
		case 4:
			value["doubleValue"] = math.Float64frombits(f.value)
		case 5:
			list := []map[string]any{}
			err := eachField(f.bytes, func(f field) error {
				item, err := decodeValue(f.bytes)
				list = append(list, item)
				return err
			})
			value["arrayValue"] = map[string]any{"values": list}
			return err
		case 7:
			value["bytesValue"] = f.bytes
		default:
			return fmt.Errorf("an attribute's value of kind %d is not understood by this stand-in", f.number)
		}
		return nil
	})
	return value, err
}
