package lab.fittoring;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Profile;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** What users do: the application calls itself from outside, by a client that knows nothing of tracing. */
@Component
@Profile("!payments")
class Traffic {
    private static final List<String> REQUESTS = List.of(
            "GET /mentorings", "GET /mentorings/1", "POST /reservations/2", "GET /mentorings/3", "POST /reservations/1",
            "GET /mentorings", "PATCH /reservations/7/approval", "GET /mentorings/2", "GET /reports");

    private final HttpClient client = HttpClient.newHttpClient();
    private final String self;
    private int next;

    Traffic(@Value("${server.port}") int port) {
        self = "http://localhost:" + port;
    }

    @Scheduled(fixedDelayString = "${lab.traffic-every}")
    void send() throws IOException, InterruptedException {
        String[] request = REQUESTS.get(next++ % REQUESTS.size()).split(" ");
        client.send(
                HttpRequest.newBuilder(URI.create(self + request[1])).method(request[0], BodyPublishers.noBody()).build(),
                BodyHandlers.discarding());
    }
}
