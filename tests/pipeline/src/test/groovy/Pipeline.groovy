import com.lesfurets.jenkins.unit.BasePipelineTest
import java.util.concurrent.TimeUnit
import org.junit.Before

/**
 * A declarative pipeline as Jenkins runs it: parameters with their defaults, stages one after another until one fails, `post` by the
 * stage's result, `sh` in a workspace with the environment of `withEnv`, `timeout` that ends what runs. `sh` runs what it is told for real.
 */
abstract class Pipeline extends BasePipelineTest {
  static final List<String> ORDER = ['SUCCESS', 'UNSTABLE', 'FAILURE', 'ABORTED']

  /** How Jenkins ends a step. */
  static class Ended extends RuntimeException {
    String result
    Ended(String result, String message) { super(message); this.result = result }
  }

  File workspace
  Map<String, String> given = [:]
  String result = 'SUCCESS'
  String stage
  Map<String, String> stages = new LinkedHashMap<>()
  List<String> said = []
  List<Map> pages = []
  List<File> archived = []
  List<File> junits = []
  List<Integer> limits = []
  protected Throwable pending
  protected List<String> environment = []
  protected long deadline = Long.MAX_VALUE

  @Override @Before void setUp() throws Exception {
    super.setUp()
    workspace = new File(System.getenv('EDP_TEST_WORK'), "${getClass().simpleName}-${System.nanoTime()}")
    workspace.mkdirs()
    declarative()
    steps()
  }

  protected void worse(String one) {
    if (ORDER.indexOf(one) > ORDER.indexOf(result)) result = one
    if (stage && ORDER.indexOf(one) > ORDER.indexOf(stages[stage])) stages[stage] = one
  }

  protected void attempt(Closure body) {
    try {
      body.call()
    } catch (Ended end) {
      said << end.message
      worse(end.result)
      pending = pending ?: end
    } catch (Throwable wrong) {
      said << wrong.toString()
      worse('FAILURE')
      pending = pending ?: wrong
    }
  }

  protected void declarative() {
    ['pipeline', 'stages', 'options', 'script'].each { word -> helper.registerAllowedMethod(word, [Closure], { Closure body -> body.call() }) }
    helper.registerAllowedMethod('agent', [Object], null)
    binding.setVariable('any', 'any')
    binding.setVariable('params', [:])
    helper.registerAllowedMethod('parameters', [Closure], { Closure body -> body.call() })
    helper.registerAllowedMethod('string', [Map], { Map one -> binding.getVariable('params')[one.name] = given.getOrDefault(one.name, one.defaultValue ?: '') })
    helper.registerAllowedMethod('choice', [Map], { Map one ->
      String value = given.getOrDefault(one.name, one.choices[0])
      assert value in one.choices
      binding.getVariable('params')[one.name] = value
    })
    helper.registerAllowedMethod('timeout', [Map], { Map limit -> limits << limit.time })
    helper.registerAllowedMethod('disableConcurrentBuilds', [], null)
    helper.registerAllowedMethod('stage', [String, Closure], { String name, Closure body ->
      if (pending) return  // one failed before
      stage = name
      stages[name] = 'SUCCESS'
      body.call()
      stage = null
    })
    helper.registerAllowedMethod('steps', [Closure], { Closure body -> attempt(body) })
    helper.registerAllowedMethod('post', [Closure], { Closure body -> body.call() })
    helper.registerAllowedMethod('always', [Closure], { Closure body -> attempt(body) })
  }

  protected void steps() {
    helper.registerAllowedMethod('withEnv', [List, Closure], { List values, Closure body ->
      List before = environment
      environment = before + values
      try { body.call() } finally { environment = before }
    })
    helper.registerAllowedMethod('timeout', [Map, Closure], { Map limit, Closure body ->
      limits << limit.time
      assert limit.unit == 'SECONDS'
      long outer = deadline
      deadline = Math.min(outer, System.nanoTime() + (limit.time as long) * 1_000_000_000L)
      try { body.call() } finally { deadline = outer }
    })
    helper.registerAllowedMethod('sh', [Map], { Map step -> shell(step) })
    helper.registerAllowedMethod('echo', [String], { String text -> said << text })
    helper.registerAllowedMethod('error', [String], { String text -> throw new Ended('FAILURE', text) })
    helper.registerAllowedMethod('unstable', [String], { String text -> said << text; worse('UNSTABLE') })
    helper.registerAllowedMethod('publishHTML', [Map], { Map step ->
      Map target = step.target
      File page = new File(workspace, "${target.reportDir}/${target.reportFiles}")
      if (page.exists()) pages << (target + [file: page])
      else if (!target.allowMissing) throw new Ended('FAILURE', "publishHTML: no ${page}")
    })
    helper.registerAllowedMethod('archiveArtifacts', [Map], { Map step ->
      List<File> found = step.artifacts.split(',').collect { new File(workspace, it as String) }.findAll { it.exists() }
      if (!found && !step.allowEmptyArchive) throw new Ended('FAILURE', "archiveArtifacts: no ${step.artifacts}")
      archived.addAll(found)
    })
    helper.registerAllowedMethod('junit', [Map], { Map step ->
      File file = new File(workspace, step.testResults as String)
      if (!file.exists()) {
        if (!step.allowEmptyResults) throw new Ended('FAILURE', "junit: no ${file}")
        return
      }
      junits << file
      int failures = new XmlParser().parse(file).'**'.findAll { it instanceof Node && it.name() == 'failure' }.size()
      if (failures && !step.skipMarkingBuildUnstable) worse('UNSTABLE')
    })
  }

  /** As the durable task does it: /bin/sh -xe, in the workspace. */
  protected Object shell(Map step) {
    ProcessBuilder builder = new ProcessBuilder('/bin/sh', '-xe', '-c', step.script as String).directory(workspace).redirectErrorStream(true)
    environment.each { String pair -> int at = pair.indexOf('='); builder.environment()[pair.substring(0, at)] = pair.substring(at + 1) }
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(new File(workspace, 'console.log')))
    Process process = builder.start()
    long left = deadline == Long.MAX_VALUE ? 3600 : ((deadline - System.nanoTime()) / 1_000_000_000L) as long
    if (!process.waitFor(left, TimeUnit.SECONDS)) {
      process.descendants().forEach { it.destroyForcibly() }
      process.destroyForcibly().waitFor()
      throw new Ended('ABORTED', 'Timeout has been exceeded')
    }
    int status = process.exitValue()
    if (step.returnStatus) return status
    if (status != 0) throw new Ended('FAILURE', "script returned exit code ${status}")
    return null
  }

  /** The JSON report that was archived for a place. */
  Map report(String place) {
    File file = archived.find { it.path.endsWith("edp/${place}/edp-report.json") }
    assert file: "no report of ${place} was archived"
    return new groovy.json.JsonSlurper().parse(file) as Map
  }

  void published(String place) {
    Map page = pages.find { it.reportName == "EDP ${place}" as String }
    assert page: "no page of ${place} was published"
    assert page.file.text.startsWith('<!') && page.file.length() > 50000
    assert report(place).schema == 'edp.report/v1'
    assert junits.any { it.path.contains("/${place}/") }
  }
}
