"""`cutover doctor`: what a deployment needs to work, asked of the deployment itself. It changes nothing."""
