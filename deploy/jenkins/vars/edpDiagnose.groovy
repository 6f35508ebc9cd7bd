/**
 * A step of a shared library: diagnoses one target and publishes the report, in any pipeline.
 *
 *   @Library('edp') _
 *   stage('EDP') { steps { edpDiagnose(target: 'http://checkout.staging:6060') } }
 *
 * Options, each with its default:
 *   target: ''                 http(s)://..., pod:NAMESPACE/NAME, ...; without it the labelled pods of the kubeconfig's namespace
 *   name: 'edp'                tells reports of one build apart
 *   profile: 'prod-k8s'        a diagnostic profile's name, or a file in the workspace
 *   timeout: 180               seconds for the diagnosis; the step ends at most a minute later
 *   gate: 'CRITICAL'           from which severity on a finding counts
 *   onFindings: 'fail'         or 'unstable', or 'ignore'
 *   onUnreachable: 'unstable'  or 'fail', or 'ignore'
 *   sarif: false               also archives SARIF
 *
 * Returns edp-runner's exit status: 0, 2 finding(s) at the gate, 3 not reachable or nothing to judge. Any other one is an error.
 */
int call(Map given = [:]) {
  Map defaults = [target: '', name: 'edp', profile: 'prod-k8s', timeout: 180, gate: 'CRITICAL', onFindings: 'fail', onUnreachable: 'unstable', sarif: false]
  def unknown = given.keySet().find { !defaults.containsKey(it) }
  if (unknown) {
    error("edpDiagnose: no option ${unknown}; there are ${defaults.keySet().join(', ')}")
  }
  Map options = defaults + given
  for (String name in ['onFindings', 'onUnreachable']) {
    if (!(options[name] in ['fail', 'unstable', 'ignore'])) {
      error("edpDiagnose: ${name} is fail, unstable or ignore, not ${options[name]}")
    }
  }
  if (!(options.name ==~ /[A-Za-z0-9][A-Za-z0-9._-]*/)) {
    error("edpDiagnose: name ${options.name} can't be a folder's")
  }
  int status = 1
  try {
    status = diagnose(options)
  } finally {
    publish(options)
  }
  if (status == 2) {
    verdict(options.onFindings, "EDP: finding(s) at or above ${options.gate} in ${options.name}, see the EDP report")
  } else if (status == 3) {
    verdict(options.onUnreachable, "EDP: ${options.name} could not be diagnosed: target not reachable, or nothing to judge")
  } else if (status != 0) {
    error("EDP: edp-runner failed in ${options.name} (exit status ${status})")
  }
  return status
}

/** Values go through the environment: none of them is ever part of a command's text. */
private int diagnose(Map options) {
  int seconds = options.timeout as int
  int status = 1
  withEnv(["EDP_PLACE=${options.name}", "EDP_TARGET=${options.target}", "EDP_PROFILE=${options.profile}", "EDP_TIMEOUT=${seconds}",
           "EDP_GATE=${options.gate}", "EDP_SARIF=${options.sarif ? 'yes' : ''}"]) {
    timeout(time: seconds + 60, unit: 'SECONDS') {
      status = sh(label: "EDP: ${options.name}", returnStatus: true, script: '''
        rm -rf "edp/$EDP_PLACE" && mkdir -p "edp/$EDP_PLACE"
        edp-runner --profile="$EDP_PROFILE" --timeout="$EDP_TIMEOUT" --gate="$EDP_GATE" ${EDP_TARGET:+--target="$EDP_TARGET"} \\
          ${EDP_SARIF:+--sarif="edp/$EDP_PLACE/edp.sarif"} \\
          --output="edp/$EDP_PLACE/edp-report.json" --junit="edp/$EDP_PLACE/edp-junit.xml"
      ''')
    }
  }
  return status
}

private void publish(Map options) {
  String folder = "edp/${options.name}"
  publishHTML(target: [reportName: "EDP ${options.name}", reportDir: folder, reportFiles: 'edp-report.html', keepAll: true, alwaysLinkToLastBuild: true, allowMissing: true])
  archiveArtifacts(artifacts: "${folder}/edp-report.json,${folder}/edp.sarif", allowEmptyArchive: true, fingerprint: true)
  junit(testResults: "${folder}/edp-junit.xml", allowEmptyResults: true, skipMarkingBuildUnstable: true)
}

private void verdict(String consequence, String message) {
  if (consequence == 'fail') {
    error(message)
  } else if (consequence == 'unstable') {
    unstable(message)
  } else {
    echo(message)
  }
}
