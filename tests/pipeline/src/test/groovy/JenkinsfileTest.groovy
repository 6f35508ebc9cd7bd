import static org.junit.Assert.*
import org.junit.Test

/** deploy/jenkins/Jenkinsfile with the real edp-runner against real targets (tests/pipeline/run.py starts them). */
class JenkinsfileTest extends Pipeline {
  private double build(Map<String, String> parameters) {
    given = [EDP_TIMEOUT: '12'] + parameters
    long began = System.nanoTime()
    try {
      runScript("${System.getenv('EDP_TEST_ROOT')}/deploy/jenkins/Jenkinsfile")
    } finally {
      println("${parameters}: ${result} ${stages}\n  ${said.join('\n  ')}")
    }
    return (System.nanoTime() - began) / 1e9
  }

  @Test void healthyInBothStages() {
    build([EDP_STAGING_TARGET: System.getenv('EDP_HEALTHY'), EDP_PREPROD_TARGET: System.getenv('EDP_HEALTHY')])
    assertEquals([staging: 'SUCCESS', 'pre-prod': 'SUCCESS'], stages)
    assertEquals('SUCCESS', result)
    published('staging')
    published('pre-prod')
    assertFalse(report('staging').findings.any { it.severity == 'CRITICAL' })
  }

  @Test void criticalInStagingEndsThePipeline() {
    build([EDP_STAGING_TARGET: System.getenv('EDP_FAULTY'), EDP_PREPROD_TARGET: System.getenv('EDP_HEALTHY'), EDP_TIMEOUT: '20'])
    assertEquals([staging: 'FAILURE'], stages)  // pre-prod was not begun
    assertEquals('FAILURE', result)
    published('staging')
    assertTrue(report('staging').findings.any { it.rule == 'GO-SYNCMAP-WRITE-HEAVY' && it.severity == 'CRITICAL' })
    assertTrue(said.any { it.contains('finding(s) at or above CRITICAL in staging') })
  }

  @Test void criticalMayLeaveTheBuildUnstable() {
    build([EDP_STAGING_TARGET: System.getenv('EDP_FAULTY'), EDP_PREPROD_TARGET: System.getenv('EDP_ABSENT'), EDP_ON_FINDINGS: 'unstable', EDP_TIMEOUT: '20'])
    assertEquals([staging: 'UNSTABLE', 'pre-prod': 'UNSTABLE'], stages)
    assertEquals('UNSTABLE', result)
    published('staging')
    published('pre-prod')
    assertTrue(said.any { it.contains('pre-prod could not be diagnosed') })
  }

  @Test void aTargetThatHangsEndsInTime() {
    double seconds = build([EDP_STAGING_TARGET: System.getenv('EDP_HANGING'), EDP_PREPROD_TARGET: System.getenv('EDP_HANGING'), EDP_ON_UNREACHABLE: 'fail'])
    assertEquals([staging: 'FAILURE'], stages)
    assertTrue("took ${seconds} s", seconds < 12 + 8)
    published('staging')
    assertTrue(said.any { it.contains('staging could not be diagnosed') })
  }

  @Test void theOuterLimitsLeaveRoomForTheInner() {
    build([EDP_STAGING_TARGET: System.getenv('EDP_ABSENT'), EDP_PREPROD_TARGET: System.getenv('EDP_ABSENT')])
    assertEquals([30, 12 + 60, 12 + 60], limits)
    assertEquals([staging: 'UNSTABLE', 'pre-prod': 'UNSTABLE'], stages)
  }

  @Test void aWrongParameterIsTheBuildsFailureNotAVerdict() {
    build([EDP_STAGING_TARGET: System.getenv('EDP_HEALTHY'), EDP_PROFILE: 'prod-k8z; touch broken', EDP_PREPROD_TARGET: ''])
    assertEquals([staging: 'FAILURE'], stages)
    assertTrue(said.any { it.contains('edp-runner failed in staging (exit status 1)') })
    assertFalse(new File(workspace, 'broken').exists())
    assertTrue(new File(workspace, 'console.log').text.contains('prod-k8s'))  // the nearest known name is told
  }
}
