package lab.fittoring;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.scheduling.annotation.EnableScheduling;

/** Two services in one jar: the application, and, with the profile "payments", the service that it calls. */
@SpringBootApplication
@EnableScheduling
public class Fittoring {
    public static void main(String[] args) {
        SpringApplication.run(Fittoring.class, args);
    }
}
