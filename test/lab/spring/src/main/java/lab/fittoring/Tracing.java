package lab.fittoring;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationPredicate;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Set;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.server.observation.ServerRequestObservationContext;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

@Configuration
class Tracing {
    private static final Set<String> CHECKS = Set.of("/healthcheck", "/prometheus-provider");

    /** Leaves scrapes and health checks out of traces, and so what they do, such as SQL. */
    @Bean
    ObservationPredicate noChecks() {
        return (name, context) -> {
            HttpServletRequest request = requestOf(context);
            return request == null || !CHECKS.contains(request.getRequestURI());
        };
    }

    private static HttpServletRequest requestOf(Observation.Context context) {
        if (context instanceof ServerRequestObservationContext server) return server.getCarrier();
        return RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes current
                ? current.getRequest()
                : null;
    }
}
