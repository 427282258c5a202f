package lab.fittoring;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import ch.qos.logback.core.encoder.JsonEscapeUtil;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** An event is JSON over several lines, and behind it the stack trace as plain text, if there is one. */
public class JsonLayout extends LayoutBase<ILoggingEvent> {
    private static final DateTimeFormatter ISO =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX").withZone(ZoneId.systemDefault());

    @Override
    public String doLayout(ILoggingEvent event) {
        String json = fieldsOf(event).entrySet().stream()
                .map(field -> "  \"%s\": \"%s\"".formatted(field.getKey(), JsonEscapeUtil.jsonEscapeString(field.getValue())))
                .collect(Collectors.joining(",\n", "{\n", "\n}\n"));
        return event.getThrowableProxy() == null ? json : json + ThrowableProxyUtil.asString(event.getThrowableProxy());
    }

    private static Map<String, String> fieldsOf(ILoggingEvent event) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("timestamp", ISO.format(event.getInstant()));
        fields.put("level", event.getLevel().toString());
        fields.put("logger", event.getLoggerName());
        fields.put("thread", event.getThreadName());
        // What tracing put there: traceId and spanId, within a request.
        fields.putAll(event.getMDCPropertyMap());
        fields.put("message", event.getFormattedMessage());
        return fields;
    }
}
