import Testing
import TestSupport

extension Trait where Self == ConditionTrait {
    /// Skips a test if a tool is missing, and says what to install. With VITRINE_REQUIRE_TOOLS=1 the test runs anyway,
    /// and fails for lack of the tool.
    static func needs(_ tools: Tool...) -> Self {
        let advice = tools.filter { !$0.isInstalled }.map(\.advice).joined(separator: "; ")
        return .enabled(if: advice.isEmpty || Tool.areRequired, "\(advice)")
    }

    /// Skips a test if a tool is missing, and says what to install. Such a tool is one of many, of which the tests need some: a missing one
    /// is never a failure.
    static func offered(by tool: Tool) -> Self {
        .enabled(if: tool.isInstalled, "\(tool.advice)")
    }
}
