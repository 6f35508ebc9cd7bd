import static com.lesfurets.jenkins.unit.global.lib.LibraryConfiguration.library
import static com.lesfurets.jenkins.unit.global.lib.LocalSource.localSource
import static org.junit.Assert.*
import org.junit.Test

/** deploy/jenkins/vars/edpDiagnose.groovy, called from a pipeline that loads the library. */
class LibraryStepTest extends Pipeline {
  /** Runs `body` as the steps of a stage; the step's own return value is in `returned`. */
  private double build(String body) {
    helper.registerSharedLibrary(library().name('edp').retriever(localSource(System.getenv('EDP_TEST_LIBRARY'))).targetPath('edp')
      .defaultVersion('main').allowOverride(true).implicit(false).build())
    File file = new File(workspace, 'Jenkinsfile')
    file.text = "@Library('edp') _\npipeline { agent any\n stages { stage('EDP') { steps { script { returned = ${body} } } } } }\n"
    long began = System.nanoTime()
    runScript(file.path)
    println("${body}: ${result} ${stages}\n  ${said.join('\n  ')}")
    return (System.nanoTime() - began) / 1e9
  }

  @Test void healthy() {
    build("edpDiagnose(target: '${System.getenv('EDP_HEALTHY')}', timeout: 12, sarif: true)")
    assertEquals('SUCCESS', result)
    assertEquals(0, binding.getVariable('returned'))
    published('edp')
    assertTrue(archived.any { it.name == 'edp.sarif' })
  }

  @Test void criticalFailsAndIsPublished() {
    build("edpDiagnose(target: '${System.getenv('EDP_FAULTY')}', name: 'checkout', timeout: 20)")
    assertEquals('FAILURE', result)
    published('checkout')
    assertTrue(report('checkout').findings.any { it.severity == 'CRITICAL' })
  }

  @Test void absentMayBeIgnored() {
    build("edpDiagnose(target: '${System.getenv('EDP_ABSENT')}', timeout: 12, onUnreachable: 'ignore')")
    assertEquals('SUCCESS', result)
    assertEquals(3, binding.getVariable('returned'))
    published('edp')
  }

  @Test void aRunnerThatHangsItselfIsEnded() {
    File bin = new File(workspace, 'bin')
    bin.mkdirs()
    new File(bin, 'edp-runner').with { it.text = '#!/bin/sh\nsleep 300\n'; it.setExecutable(true) }
    double seconds = build("withEnv(['PATH=${bin}:${System.getenv('PATH')}']) { edpDiagnose(timeout: -57) }")  // a limit of three seconds
    assertEquals('ABORTED', result)
    assertTrue("took ${seconds} s", seconds < 6)
    assertEquals([], pages)
  }

  @Test void wrongOptionsAreNamed() {
    build("edpDiagnose(targets: 'x')")
    assertEquals('FAILURE', result)
    assertTrue(said.any { it.contains('no option targets; there are target, name, profile') })
  }

  @Test void aNameThatIsNoFoldersIsRefused() {
    build("edpDiagnose(name: '../x')")
    assertTrue(said.any { it.contains("name ../x can't be a folder's") })
  }
}
